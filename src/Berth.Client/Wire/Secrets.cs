using System.Text.Json.Serialization;

namespace Berth.Client.Wire;

/// <summary>A secret. The server never returns its value.</summary>
public sealed record Secret
{
    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>For users and organizations: <c>all</c>, <c>private</c> or <c>selected</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Visibility { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SelectedRepositoriesUrl { get; init; }
}

public sealed record SecretList
{
    public required long TotalCount { get; init; }

    public required List<Secret> Secrets { get; init; }
}

/// <summary>The key that values are sealed for (libsodium sealed box). <c>key_id</c> is sent back with the value.</summary>
public sealed record SecretPublicKey
{
    public required string KeyId { get; init; }

    /// <summary>32 bytes in base64.</summary>
    public required string Key { get; init; }
}

/// <summary>A secret to store, or changes to a secret.</summary>
public sealed record SecretChange : IRequestBody
{
    /// <summary>Standard base64 of a sealed box. Left out when only visibility or repositories change.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Longest(128 * 1024)]
    public string? EncryptedValue { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? KeyId { get; init; }

    /// <summary>Required for organizations.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Visibility { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<long>? SelectedRepositoryIds { get; init; }
}

public sealed record SecretRepositories : IRequestBody
{
    public required IReadOnlyList<long> SelectedRepositoryIds { get; init; }
}

public sealed record SelectedRepositoryList
{
    public required long TotalCount { get; init; }

    public required List<Repository> Repositories { get; init; }
}
