using System.Diagnostics.Metrics;
using Berth.Server.Http;
using Berth.Server.Metrics;
using OpenTelemetry.Metrics;

namespace Berth.Server.Operations;

/// <summary>
/// Which metrics are kept, with which labels and buckets, and where they are sent: to <c>/metrics</c>, and to a collector if one is named.
/// </summary>
internal static class Telemetry
{
    /// <summary>In seconds, from an answer out of memory to a large layer over a slow connection.</summary>
    private static readonly double[] Durations = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300];

    /// <summary>In seconds. The turn at an idle writer takes microseconds.</summary>
    private static readonly double[] Waits = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

    private static readonly string[] Meters = [BerthMetrics.MeterName, "Microsoft.AspNetCore.Hosting", Kestrel, "System.Runtime"];
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(Meters);
            ((IDeferredMeterProviderBuilder)metrics).Configure((services, deferred) =>
            {
                var factory = services.GetRequiredService<IMeterFactory>();
                deferred.AddView(instrument => ViewOf(instrument, factory));
            });

            // Nothing is cached, so that a scrape shows everything until then. Scopes and the target are left out, since they would be the
            // same on every line.
            metrics.AddPrometheusExporter(options =>
            {
                options.ScrapeResponseCacheDurationMilliseconds = 0;
                options.ScopeInfoEnabled = false;
                options.TargetInfoEnabled = false;
            });
            if (HasCollector(builder.Configuration))
            {
                metrics.AddOtlpExporter();
            }
        });
    }

    /// <summary>
    /// https://opentelemetry.io/docs/specs/otel/protocol/exporter/: without an address the exporter sends to this machine, where usually
    /// nothing listens.
    /// </summary>
    private static bool HasCollector(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])
            || !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"]);

    private static MetricStreamConfiguration? ViewOf(Instrument instrument, IMeterFactory own)
    {
        // Meters are found by name in the whole process. One with another scope belongs to another server.
        if (instrument.Meter.Scope is { } scope && scope != own)
        {
            return MetricStreamConfiguration.Drop;
        }

        return instrument.Name switch
        {
            "kestrel.active_connections" or "kestrel.queued_connections" => new MetricStreamConfiguration { TagKeys = [] },
            "kestrel.connection.duration" => new ExplicitBucketHistogramConfiguration { Boundaries = Durations, TagKeys = [] },
            _ when instrument.Meter.Name == Kestrel => MetricStreamConfiguration.Drop,
            "http.server.request.duration" => new ExplicitBucketHistogramConfiguration
            {
                Boundaries = Durations,
                TagKeys = [SurfaceLabel.Tag, "http.route", "http.request.method", "http.response.status_code"],
            },
            DatabaseMetrics.WaitName => new ExplicitBucketHistogramConfiguration { Boundaries = Waits },
            _ => null,
        };
    }
}
