using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// What to check: a login as typed (<c>server</c>, <c>username</c>, <c>password</c>), or the sets of secrets that a codespace of the caller
/// in <c>repository</c> would get, or those of the caller's own; with <c>secret_prefix</c> only the one of that name.
/// </summary>
public sealed record RegistryCheckRequest : IRequestBody
{
    /// <summary>An image that the login should be able to pull.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(512)]
    public string? Image { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SecretPrefix { get; init; }

    /// <summary><c>owner/name</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Repository { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Longest(512)]
    public OptionalText Server { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(1024)]
    public string? Username { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(48 * 1024)]
    public string? Password { get; init; }
}

/// <summary>What came of it.</summary>
public sealed record RegistryCheckReport
{
    /// <summary>Something was checked, and all of it is fine.</summary>
    public required bool Ok { get; init; }

    public required List<RegistryCheck> Checks { get; init; }

    /// <summary>Every set that the caller may know of: which counts, which does not and why.</summary>
    public required List<RegistrySetReport> Sets { get; init; }
}

/// <summary>One registry that was asked.</summary>
public sealed record RegistryCheck
{
    public required string Registry { get; init; }

    /// <summary>Null for a login that was typed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prefix { get; init; }

    /// <summary><c>user</c>, <c>repository</c> or <c>organization</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Level { get; init; }

    /// <summary><c>allowed</c>, <c>wrong_password</c>, <c>denied</c>, <c>not_found</c>, <c>unreachable</c>, …</summary>
    public required string Outcome { get; init; }

    /// <summary>One line, with the true cause.</summary>
    public required string Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Image { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Digest { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<string>? Platforms { get; init; }

    /// <summary>Bytes of configuration and layers of one platform.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    /// <summary>Everything that was asked, in its order.</summary>
    public required List<RegistryAttempt> Tried { get; init; }
}

/// <summary>One question to a registry.</summary>
/// <param name="Login">Whose login was sent, or <c>none</c>.</param>
public sealed record RegistryAttempt(string Login, string Outcome, string Message);

/// <summary>One set of secrets, or part of one.</summary>
public sealed record RegistrySetReport
{
    public required string Prefix { get; init; }

    public required string Level { get; init; }

    /// <summary>
    /// <c>counts</c>, <c>loses</c>, <c>incomplete</c>, <c>mixed</c>, <c>unassigned</c>, <c>withheld</c> or <c>invalid</c>.
    /// </summary>
    public required string Outcome { get; init; }

    public required string Message { get; init; }

    /// <summary>Null where the server is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Registry { get; init; }
}
