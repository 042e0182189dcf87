using System.Globalization;
using Berth.Server.Api;
using Berth.Server.Http;

namespace Berth.Server.Audit;

/// <summary>What to search for in the log, in GitHub's syntax: <c>action:team created:&gt;=2026-01-01</c>.</summary>
internal sealed record AuditPhrase
{
    private static readonly string[] Known = ["action", "actor", "repo", "package", "created", "token"];

    /// <summary>An action, or a category of actions: <c>team</c>.</summary>
    public string? Action { get; init; }

    /// <summary>A login, or the repository of a workflow.</summary>
    public string? Actor { get; init; }

    public string? Repository { get; init; }

    public string? Package { get; init; }

    public DateTimeOffset? From { get; init; }

    /// <summary>The first moment that is too late.</summary>
    public DateTimeOffset? Until { get; init; }

    public long? TokenId { get; init; }

    /// <exception cref="ApiException">422: a word is not a known qualifier, or its value is wrong.</exception>
    public static AuditPhrase Parse(string? text)
    {
        var phrase = new AuditPhrase();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var word in (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var colon = word.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon < 0 ? (word, "") : (word[..colon], word[(colon + 1)..].Trim('"'));
            if (value.Length == 0 || !Known.Contains(name, StringComparer.Ordinal))
            {
                throw Fault($"'{word}' is none of {string.Join(", ", Known.Select(known => known + ":"))}");
            }

            if (!seen.Add(name))
            {
                throw Fault($"{name}: stands there twice");
            }

            phrase = phrase.With(name, value);
        }

        return phrase;
    }

    private AuditPhrase With(string name, string value) => name switch
    {
        "action" => this with { Action = value },
        "actor" => this with { Actor = value },
        "repo" => this with { Repository = value },
        "package" => this with { Package = value },
        "token" => this with
        {
            TokenId = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? id
                : throw Fault("token: takes the number of a token"),
        },
        _ => WithTime(value),
    };

    private AuditPhrase WithTime(string value)
    {
        var dots = value.IndexOf("..", StringComparison.Ordinal);
        return (dots, value) switch
        {
            ( >= 0, _) => this with { From = Begin(value[..dots]), Until = End(value[(dots + 2)..]) },
            (_, ['>', '=', ..]) => this with { From = Begin(value[2..]) },
            (_, ['>', ..]) => this with { From = End(value[1..]) },
            (_, ['<', '=', ..]) => this with { Until = End(value[2..]) },
            (_, ['<', ..]) => this with { Until = Begin(value[1..]) },
            _ => this with { From = Begin(value), Until = End(value) },
        };
    }

    private static DateTimeOffset? Begin(string text) => text is "*" or "" ? null : Moment(text).Begin;

    private static DateTimeOffset? End(string text) => text is "*" or "" ? null : Moment(text).End;

    /// <summary>A date means the whole day, and a time its whole second.</summary>
    private static (DateTimeOffset Begin, DateTimeOffset End) Moment(string text)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, Utc, out var day))
        {
            return (day, day.AddDays(1));
        }

        return DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"], CultureInfo.InvariantCulture, Utc, out var moment)
            ? (moment, moment.AddSeconds(1))
            : throw Fault($"created: takes a day (2026-01-31), a time (2026-01-31T08:00:00Z), one after >, >=, < or <=, or two with ..");
    }

    private static ApiException Fault(string message) => new(ApiErrors.Invalid("AuditLog", "phrase", message));
}
