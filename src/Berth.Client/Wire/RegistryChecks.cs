using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>
/// What to check: a typed login (<c>server</c>, <c>username</c>, <c>password</c>), the sets of secrets that the caller's codespace in
/// <c>repository</c> would get, or the caller's own sets. With <c>secret_prefix</c>, only the set with that name.
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

/// <summary>The result of a check.</summary>
public sealed record RegistryCheckReport
{
    /// <summary>Whether something was checked, and all of it succeeded.</summary>
    public required bool Ok { get; init; }

    public required List<RegistryCheck> Checks { get; init; }

    /// <summary>Every set that the caller may know of: which count, which do not and why.</summary>
    public required List<RegistrySetReport> Sets { get; init; }
}

/// <summary>One registry that was asked.</summary>
public sealed record RegistryCheck
{
    public required string Registry { get; init; }

    /// <summary>Null for a typed login.</summary>
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

    /// <summary>The bytes of configuration and layers for one platform.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    /// <summary>All requests, in their order.</summary>
    public required List<RegistryAttempt> Tried { get; init; }
}

/// <summary>One request to a registry.</summary>
/// <param name="Login">Whose login was sent, or <c>none</c>.</param>
public sealed record RegistryAttempt(string Login, string Outcome, string Message);

/// <summary>One set of secrets, or a part of one.</summary>
public sealed record RegistrySetReport
{
    public required string Prefix { get; init; }

    public required string Level { get; init; }

    /// <summary>
    /// <c>counts</c>, <c>loses</c>, <c>incomplete</c>, <c>mixed</c>, <c>unassigned</c>, <c>withheld</c> or <c>invalid</c>.
    /// </summary>
    public required string Outcome { get; init; }

    public required string Message { get; init; }

    /// <summary>Null when the server is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Registry { get; init; }
}
