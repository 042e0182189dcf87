namespace Berth.Server.Registries;

/// <summary>The level that a secret belongs to. The most specific comes first, which is the order in which sets count.</summary>
public enum SecretLevel
{
    User,
    Repository,
    Organization,
}

internal static class SecretLevels
{
    /// <summary>The name of the level in sentences and in the API.</summary>
    public static string ToText(this SecretLevel level) => level switch
    {
        SecretLevel.User => "user",
        SecretLevel.Repository => "repository",
        _ => "organization",
    };
}

/// <summary>Whether a secret reaches the codespace in question.</summary>
public enum SecretReach
{
    Visible,

    /// <summary>The secret's policy does not include this repository.</summary>
    Unassigned,

    /// <summary>
    /// The codespace's creator cannot write to the repository, so the secrets of the repository and its organization are withheld.
    /// </summary>
    Withheld,
}

/// <summary>One secret for resolution. <see cref="ToString"/> never reveals the value.</summary>
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

    /// <summary>Changes when any of its secrets does. Exchanged tokens are cached under it.</summary>
    public required string Version { get; init; }

    /// <summary>The set's name in lines of a log.</summary>
    public string Name => $"{Prefix} at {Level.ToText()} level";

    public override string ToString() => $"{Prefix} ({Level}) for {Server}";
}

/// <summary>The result of resolving a set.</summary>
public enum LoginOutcome
{
    Counts,

    /// <summary>
    /// A more specific level has a complete set of the same prefix, or another set for the same server and path comes first.
    /// </summary>
    Loses,
    Incomplete,

    /// <summary>The set's parts are at different levels. A password is only sent to a server that its own owner named.</summary>
    Mixed,
    Unassigned,
    Withheld,
    Invalid,
}

/// <summary>One line of the report on how sets were resolved.</summary>
/// <param name="Level">The line is for those who may know this level's secrets.</param>
/// <param name="Server">Null when it is not known: that secret is missing, or does not reach the codespace.</param>
internal sealed record LoginReport(string Prefix, SecretLevel Level, LoginOutcome Outcome, string Message, RegistryServer? Server = null);
