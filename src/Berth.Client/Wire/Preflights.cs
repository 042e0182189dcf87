using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>What a codespace would fetch, and whether it may.</summary>
public sealed record PreflightReport
{
    /// <summary>Whether the configuration can be read, and everything that it names can be fetched.</summary>
    public required bool Ok { get; init; }

    /// <summary>Why the configuration cannot be used: all <see cref="Refusals"/> in one line.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Failure { get; init; }

    /// <summary>One line for each reason why it cannot be used. Reading continues after most of them.</summary>
    public required List<string> Refusals { get; init; }

    /// <summary>The path of the configuration that was read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DevcontainerPath { get; init; }

    /// <summary>The kind of configuration, in a few words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Summary { get; init; }

    /// <summary>The platform of this server's codespaces, such as <c>linux/amd64</c>.</summary>
    public required string Platform { get; init; }

    /// <summary>The references in the order in which the configuration names them.</summary>
    public required List<PreflightReference> References { get; init; }

    /// <summary>What a codespace would do differently from the configuration.</summary>
    public required List<string> Remarks { get; init; }

    /// <summary>Every set of secrets that the caller may know of: which count, which do not and why.</summary>
    public required List<RegistrySetReport> Sets { get; init; }
}

/// <summary>An image or feature that the configuration names.</summary>
public sealed record PreflightReference
{
    /// <summary><c>image</c>, <c>dockerfile</c>, <c>feature</c> or <c>compose</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The place that names it: <c>image</c>, <c>FROM</c>, <c>COPY --from</c>, <c>services.db.image</c>, …</summary>
    public required string Where { get; init; }

    /// <summary>The path within the repository.</summary>
    public required string File { get; init; }

    /// <summary>Counted from 1.</summary>
    public required int Line { get; init; }

    public required string Reference { get; init; }

    /// <summary>Null for a feature in the repository.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Registry { get; init; }

    public required bool Ok { get; init; }

    /// <summary>
    /// <c>allowed</c>, <c>wrong_password</c>, <c>denied</c>, <c>not_found</c>, <c>wrong_platform</c>, <c>unreachable</c>, …; <c>invalid</c>
    /// when no registry was asked.
    /// </summary>
    public required string Outcome { get; init; }

    /// <summary>One line: who allows it to whom, or the true cause with a remedy, as a start would report it.</summary>
    public required string Message { get; init; }

    /// <summary>
    /// The owner of the login that is used: <c>ACR at organization level</c>, <c>codespace</c> for the codespace's own token, <c>none</c>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Login { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prefix { get; init; }

    /// <summary><c>user</c>, <c>repository</c> or <c>organization</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Level { get; init; }

    /// <summary>Why no set of secrets applies to it, or which sets lose against the one that does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OtherSets { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Digest { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<string>? Platforms { get; init; }

    /// <summary>The bytes of configuration and layers for the server's platform.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    /// <summary>One line for each attempt.</summary>
    public required List<string> Tried { get; init; }
}
