namespace Berth.Server.Registries;

/// <summary>A user name and password that a registry accepts now.</summary>
/// <param name="ExpiresAt">Null: it is valid until somebody changes it.</param>
internal sealed record RegistryLogin(string User, string Password, DateTimeOffset? ExpiresAt = null)
{
    /// <summary>When to ask for a new one: at half of its life. Null when <see cref="ExpiresAt"/> is.</summary>
    public DateTimeOffset? RefreshAt { get; init; }

    /// <summary>
    /// A token that the registry accepts directly, without a token request. Only Berth's own registry does. Null for user and password.
    /// </summary>
    public string? Bearer { get; init; }

    public override string ToString() => User;
}
