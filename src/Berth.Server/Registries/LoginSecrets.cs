namespace Berth.Server.Registries;

/// <summary>Where a secret belongs; the most specific first, which is the order in which sets count.</summary>
public enum SecretLevel
{
    User,
    Repository,
    Organization,
}

internal static class SecretLevels
{
    /// <summary>As it stands in sentences and in the API.</summary>
    public static string ToText(this SecretLevel level) => level switch
    {
        SecretLevel.User => "user",
        SecretLevel.Repository => "repository",
        _ => "organization",
    };
}

/// <summary>Whether a secret reaches the codespace at hand.</summary>
public enum SecretReach
{
    Visible,

    /// <summary>Its policy leaves this repository out.</summary>
    Unassigned,

    /// <summary>The codespace's creator cannot write to the repository, so its and the organization's secrets stay away.</summary>
    Withheld,
}

/// <summary>One secret as resolution sees it. The value never leaves through <see cref="ToString"/>.</summary>
internal sealed record RegistrySecret(string Name, SecretLevel Level, SecretReach Reach, string Value, long Version)
{
    public override string ToString() => $"{Name} ({Level})";
}

/// <summary>A complete set of three secrets with one prefix at one level.</summary>
internal sealed record LoginSecrets
{
    public required string Prefix { get; init; }

    public required SecretLevel Level { get; init; }

    public required RegistryServer Server { get; init; }

    public required string User { get; init; }

    public required string Password { get; init; }

    public string? RoleArn { get; init; }

    public string? ExternalId { get; init; }

    /// <summary>Changes with any of its secrets; exchanged tokens are remembered under it.</summary>
    public required string Version { get; init; }

    /// <summary>As lines of a log name it.</summary>
    public string Name => $"{Prefix} at {Level.ToText()} level";

    public override string ToString() => $"{Prefix} ({Level}) for {Server}";
}

/// <summary>What became of a set.</summary>
public enum LoginOutcome
{
    Counts,

    /// <summary>
    /// A more specific level has a complete set of the same prefix, or another set comes first for the same server and path.
    /// </summary>
    Loses,
    Incomplete,

    /// <summary>Its parts exist, but at different levels: a password is only sent to the server that its own owner named.</summary>
    Mixed,
    Unassigned,
    Withheld,
    Invalid,
}

/// <summary>One line of the report on how sets were resolved.</summary>
/// <param name="Level">The line is for those who may know this level's secrets.</param>
/// <param name="Server">Null when it is not known: that secret is missing, or does not reach the codespace.</param>
internal sealed record LoginReport(string Prefix, SecretLevel Level, LoginOutcome Outcome, string Message, RegistryServer? Server = null);
