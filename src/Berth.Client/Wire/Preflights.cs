using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>What a codespace would fetch, and whether it may.</summary>
public sealed record PreflightReport
{
    /// <summary>The configuration can be read, and everything that it names can be had.</summary>
    public required bool Ok { get; init; }

    /// <summary>Why the configuration cannot be used: all <see cref="Refusals"/> in one line.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Failure { get; init; }

    /// <summary>Each thing that it cannot be used for, in one line; reading goes on behind most of them.</summary>
    public required List<string> Refusals { get; init; }

    /// <summary>The configuration that was read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DevcontainerPath { get; init; }

    /// <summary>In a few words what it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Summary { get; init; }

    /// <summary>What codespaces of this server run on, as <c>linux/amd64</c>.</summary>
    public required string Platform { get; init; }

    /// <summary>In order of appearance.</summary>
    public required List<PreflightReference> References { get; init; }

    /// <summary>What a codespace would do otherwise than the configuration says.</summary>
    public required List<string> Remarks { get; init; }

    /// <summary>Every set of secrets that the caller may know of: which counts, which does not and why.</summary>
    public required List<RegistrySetReport> Sets { get; init; }
}

/// <summary>An image or feature that the configuration names.</summary>
public sealed record PreflightReference
{
    /// <summary><c>image</c>, <c>dockerfile</c>, <c>feature</c> or <c>compose</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>How it is named there: <c>image</c>, <c>FROM</c>, <c>COPY --from</c>, <c>services.db.image</c>, …</summary>
    public required string Where { get; init; }

    /// <summary>Path within the repository.</summary>
    public required string File { get; init; }

    /// <summary>Counted from 1.</summary>
    public required int Line { get; init; }

    public required string Reference { get; init; }

    /// <summary>Null for a feature that lies in the repository.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Registry { get; init; }

    public required bool Ok { get; init; }

    /// <summary>
    /// <c>allowed</c>, <c>wrong_password</c>, <c>denied</c>, <c>not_found</c>, <c>wrong_platform</c>, <c>unreachable</c>, …; <c>invalid</c>
    /// where no registry was asked.
    /// </summary>
    public required string Outcome { get; init; }

    /// <summary>One line: who allows it to whom, or the true cause with a remedy, as a start would say it.</summary>
    public required string Message { get; init; }

    /// <summary>
    /// Whose login counts for it: <c>ACR at organization level</c>, <c>codespace</c> for the codespace's own token, <c>none</c>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Login { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prefix { get; init; }

    /// <summary><c>user</c>, <c>repository</c> or <c>organization</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Level { get; init; }

    /// <summary>Why no set of secrets counts for it, or which ones lose against the one that does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OtherSets { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Digest { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<string>? Platforms { get; init; }

    /// <summary>Bytes of configuration and layers for the server's platform.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    /// <summary>What was tried, in lines.</summary>
    public required List<string> Tried { get; init; }
}
