namespace Berth.Client.Wire;

/// <summary>The credential with which a repository is cloned. No answer contains its password.</summary>
public sealed record CloneCredential
{
    public required string Username { get; init; }

    /// <summary>The only scheme, host and port that it is sent to.</summary>
    public required string Origin { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A credential to store.</summary>
public sealed record NewCloneCredential : IRequestBody
{
    public required string Username { get; init; }

    [Longest(4096)]
    public required string Password { get; init; }

    public override string ToString() => Username;
}
