using System.Globalization;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// A schedule: five fields of cron (minute, hour, day of the month, month, day of the week, in UTC), or an interval such as
/// <c>every 6h</c>.
/// </summary>
internal sealed class PrebuildSchedule
{
    public const string Form = "five fields of cron in UTC (as in 30 4 * * 1-5), or every 30m, 6h or 7d";

    /// <summary>The shortest interval, since each run makes a container.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(5);

    /// <summary>How far ahead to search. This is enough for the 29th of February.</summary>
    private const int DaysAhead = 366 * 8;

    private static readonly (int First, int Last)[] Ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];

    private readonly TimeSpan? _every;
    private readonly bool[][] _fields;
    private readonly bool _eitherDay;

    private PrebuildSchedule(TimeSpan? every, bool[][] fields, bool eitherDay) =>
        (_every, _fields, _eitherDay) = (every, fields, eitherDay);

    public static PrebuildSchedule? Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["every", { Length: > 1 } length])
        {
            return Interval(length) is { } interval && interval >= Least ? new PrebuildSchedule(interval, [], false) : null;
        }

        if (words.Length != Ranges.Length)
        {
            return null;
        }

        var fields = new bool[Ranges.Length][];
        for (var i = 0; i < Ranges.Length; i++)
        {
            fields[i] = new bool[Ranges[i].Last + 1];
            if (!words[i].Split(',').All(part => Mark(part, Ranges[i], fields[i])))
            {
                return null;
            }
        }

        // Both 0 and 7 mean Sunday.
        fields[4][0] |= fields[4][7];

        // crontab(5): if both day fields are restricted, a day needs to match only one of them.
        var schedule = new PrebuildSchedule(null, fields, !words[2].StartsWith('*') && !words[4].StartsWith('*'));
        return schedule.After(DateTimeOffset.UnixEpoch) is null ? null : schedule;
    }

    /// <summary>The next time after <paramref name="now"/>. Null when there is none.</summary>
    public DateTimeOffset? After(DateTimeOffset now)
    {
        if (_every is { } every)
        {
            return now + every;
        }

        var first = new DateTimeOffset(now.UtcDateTime.AddMinutes(1).AddTicks(-(now.UtcTicks % TimeSpan.TicksPerMinute)), TimeSpan.Zero);
        for (var day = 0; day < DaysAhead; day++)
        {
            var date = first.UtcDateTime.Date.AddDays(day);
            if (!HasDay(date))
            {
                continue;
            }

            for (var minute = day == 0 ? (first.Hour * 60) + first.Minute : 0; minute < 24 * 60; minute++)
            {
                if (_fields[1][minute / 60] && _fields[0][minute % 60])
                {
                    return new DateTimeOffset(date.AddMinutes(minute), TimeSpan.Zero);
                }
            }
        }

        return null;
    }

    private bool HasDay(DateTime date)
    {
        var (ofMonth, ofWeek) = (_fields[2][date.Day], _fields[4][(int)date.DayOfWeek]);
        return _fields[3][date.Month] && (_eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek);
    }

    /// <summary>Reads one part of a field: <c>*</c>, <c>5</c> or <c>1-5</c>, each perhaps with <c>/2</c>.</summary>
    private static bool Mark(string part, (int First, int Last) range, bool[] marks)
    {
        var step = 1;
        var slash = part.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && !(Number(part[(slash + 1)..], (1, range.Last)) is { } given && (step = given) > 0))
        {
            return false;
        }

        var span = slash < 0 ? part : part[..slash];
        var (from, to) = (range.First, range.Last);
        if (span != "*")
        {
            var ends = span.Split('-');
            if (ends.Length > 2 || Number(ends[0], range) is not { } low || Number(ends[^1], range) is not { } high || low > high)
            {
                return false;
            }

            (from, to) = (low, ends.Length == 1 && slash >= 0 ? range.Last : high);
        }

        for (var value = from; value <= to; value += step)
        {
            marks[value] = true;
        }

        return true;
    }

    private static int? Number(string text, (int First, int Last) range) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= range.First && number <= range.Last
            ? number : null;

    private static TimeSpan? Interval(string text) =>
        Number(text[..^1], (1, 10_000)) is { } count
            ? text[^1] switch
            {
                'm' => TimeSpan.FromMinutes(count),
                'h' => TimeSpan.FromHours(count),
                'd' => TimeSpan.FromDays(count),
                _ => null,
            }
            : null;
}
