namespace Berth.Server.Registries;

/// <summary>A user name and password that a registry takes now.</summary>
/// <param name="ExpiresAt">Null: it is valid until somebody changes it.</param>
internal sealed record RegistryLogin(string User, string Password, DateTimeOffset? ExpiresAt = null)
{
    /// <summary>When a fresh one should be asked for: at half of its life. Null with <see cref="ExpiresAt"/>.</summary>
    public DateTimeOffset? RefreshAt { get; init; }

    /// <summary>
    /// A token that the registry takes as it is, without asking for one first: of Berth's own registry. Null for user and password.
    /// </summary>
    public string? Bearer { get; init; }

    public override string ToString() => User;
}
