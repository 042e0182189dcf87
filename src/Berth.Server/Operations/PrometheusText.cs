using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Berth.Server.Operations;

/// <summary>
/// Listens to the process's meters and writes them in Prometheus' text format, version 0.0.4: counters as <c>_total</c>, histograms
/// with fixed buckets in seconds, observed values as gauges.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    private static readonly string[] Meters = [BerthMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];
    private static readonly double[] Buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300];
    private readonly ConcurrentDictionary<Instrument, ConcurrentDictionary<string, Series>> _instruments = new();
    private readonly MeterListener _listener = new();

    public PrometheusText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Contains(instrument.Meter.Name, StringComparer.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var (instrument, series) in _instruments.OrderBy(pair => pair.Key.Name, StringComparer.Ordinal))
        {
            WriteInstrument(text, instrument, series);
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = _instruments.GetOrAdd(instrument, _ => new(StringComparer.Ordinal)).GetOrAdd(Labels(tags), _ => new Series());
        lock (series)
        {
            // An observed counter reports its whole count each time; everything else reports what was added.
            series.Sum = instrument.IsObservable || instrument is Gauge<long> or Gauge<double> ? value : series.Sum + value;
            series.Count++;
            if (instrument is Histogram<double> or Histogram<long>)
            {
                for (var i = 0; i < Buckets.Length; i++)
                {
                    series.Counts[i] += value <= Buckets[i] ? 1 : 0;
                }
            }
        }
    }

    private static void WriteInstrument(StringBuilder text, Instrument instrument, ConcurrentDictionary<string, Series> all)
    {
        var type = instrument.GetType().Name;
        var kind = type.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
            : type.StartsWith("Counter", StringComparison.Ordinal) || type.StartsWith("ObservableCounter", StringComparison.Ordinal) ? "counter"
            : "gauge";
        var name = Name(instrument, kind);
        text.Append("# HELP ").Append(name).Append(' ').Append(instrument.Description?.ReplaceLineEndings(" ") ?? instrument.Name).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
        foreach (var (labels, series) in all.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            lock (series)
            {
                if (kind == "histogram")
                {
                    WriteHistogram(text, name, labels, series);
                }
                else
                {
                    Line(text, name, labels, series.Sum);
                }
            }
        }
    }

    private static void WriteHistogram(StringBuilder text, string name, string labels, Series series)
    {
        var prefix = labels.Length == 0 ? "" : labels + ",";
        for (var i = 0; i < Buckets.Length; i++)
        {
            Line(text, name + "_bucket", string.Create(CultureInfo.InvariantCulture, $"{prefix}le=\"{Buckets[i]}\""), series.Counts[i]);
        }

        Line(text, name + "_bucket", prefix + "le=\"+Inf\"", series.Count);
        Line(text, name + "_sum", labels, series.Sum);
        Line(text, name + "_count", labels, series.Count);
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Name(Instrument instrument, string kind)
    {
        var name = instrument.Name.Replace('.', '_').Replace('-', '_');
        var unit = instrument.Unit switch
        {
            "By" => "_bytes",
            "s" => "_seconds",
            _ => "",
        };
        return name + (name.EndsWith(unit, StringComparison.Ordinal) ? "" : unit) + (kind == "counter" ? "_total" : "");
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(key.Replace('.', '_')).Append("=\"")
                .Append(Convert.ToString(value, CultureInfo.InvariantCulture)?.Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                .Append('"');
        }

        return text.ToString();
    }

    private sealed class Series
    {
        public double Sum { get; set; }

        public long Count { get; set; }

        public long[] Counts { get; } = new long[Buckets.Length];
    }
}
