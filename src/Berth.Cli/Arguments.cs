using System.CommandLine;
using System.Globalization;
using Berth.Client;

namespace Berth.Cli;

/// <summary>Arguments and options that several commands share, and how their text is parsed.</summary>
internal static class Arguments
{
    public static readonly string[] Visibilities = ["public", "internal", "private"];
    public static readonly string[] RepositoryRoles = ["read", "triage", "write", "maintain", "admin"];
    public static readonly string[] PackageRoles = ["read", "write", "admin"];

    public static Argument<string> Text(string name, string description) => new(name) { Description = description };

    public static Argument<string> Org() => Text("ORG", "The organization's login");

    public static Argument<string> User() => Text("LOGIN", "The user's login");

    /// <summary><c>owner/name</c>, checked while parsing.</summary>
    public static Argument<string> Repository(string name = "OWNER/NAME")
    {
        var argument = Text(name, "The repository, as owner/name");
        argument.Validators.Add(result =>
        {
            if (!IsFullName(result.Tokens[0].Value))
            {
                result.AddError($"'{result.Tokens[0].Value}' is no repository; write owner/name");
            }
        });
        return argument;
    }

    public static Argument<string> Package()
    {
        var argument = Text("OWNER/NAME", "The package, as owner/name; a name may have more slashes");
        argument.Validators.Add(result =>
        {
            var slash = result.Tokens[0].Value.IndexOf('/', StringComparison.Ordinal);
            if (slash <= 0 || slash == result.Tokens[0].Value.Length - 1)
            {
                result.AddError($"'{result.Tokens[0].Value}' is no package; write owner/name");
            }
        });
        return argument;
    }

    public static Option<string> Type()
    {
        var option = new Option<string>("--type") { Description = "The type of package", DefaultValueFactory = _ => "container" };
        option.AcceptOnlyFromAmong("container", "npm");
        return option;
    }

    public static Option<string> OneOf(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    /// <summary>An argument with a few allowed words.</summary>
    public static Argument<string> Choice(string name, string description, params string[] values)
    {
        var argument = Text(name, description);
        argument.AcceptOnlyFromAmong(values);
        return argument;
    }

    public static Option<string> Option(string name, string description) => new(name) { Description = description };

    public static Option<bool?> Flag(string name, string description) => new(name) { Description = description, HelpName = "true|false" };

    /// <summary>The option that confirms what cannot be undone.</summary>
    public static Option<bool> Yes() => new("--yes") { Description = "Do it; it cannot be undone" };

    public static PackageReference Reference(string package, string? type)
    {
        var slash = package.IndexOf('/', StringComparison.Ordinal);
        return new PackageReference(package[..slash], type ?? "container", package[(slash + 1)..]);
    }

    /// <summary><c>90s</c>, <c>30m</c>, <c>12h</c> or <c>30d</c>.</summary>
    public static TimeSpan Duration(string text)
    {
        var unit = text.Length > 1 ? text[^1] : ' ';
        if (long.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is > 0 and < 1_000_000)
        {
            switch (unit)
            {
                case 's':
                    return TimeSpan.FromSeconds(count);
                case 'm':
                    return TimeSpan.FromMinutes(count);
                case 'h':
                    return TimeSpan.FromHours(count);
                case 'd':
                    return TimeSpan.FromDays(count);
            }
        }

        throw new CommandException(ExitCodes.Usage, $"'{text}' is no length of time; write 90s, 30m, 12h or 30d");
    }

    /// <summary>A length of time from now, or a day or time.</summary>
    public static DateTimeOffset? Expiry(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return text.Contains('-', StringComparison.Ordinal)
            ? DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? time
                : throw new CommandException(ExitCodes.Usage, $"'{text}' is no time; write 30d, 2030-01-31 or 2030-01-31T12:00:00Z")
            : TimeProvider.System.GetUtcNow() + Duration(text);
    }

    /// <summary>Splits values at commas or spaces. The option may be given several times.</summary>
    public static List<string>? Split(string[]? values) =>
        values is null or { Length: 0 }
            ? null
            : [
                .. values.SelectMany(
                    value => value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
            ];

    public static void DemandYes(CommandCall call, Option<bool> yes, string what)
    {
        if (!call.Get(yes))
        {
            throw new CommandException(ExitCodes.Usage, $"{what} cannot be undone; add --yes to do it");
        }
    }

    private static bool IsFullName(string text) =>
        text.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && slash < text.Length - 1 && text.IndexOf('/', slash + 1) < 0;
}
