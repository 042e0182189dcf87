namespace Berth.Server.CredentialSets;

/// <summary>A user name and password that a registry takes now.</summary>
/// <param name="ExpiresAt">Null for what lives until somebody changes it.</param>
public sealed record RegistryLogin(string User, string Password, DateTimeOffset? ExpiresAt = null)
{
    /// <summary>When a fresh one should be asked for: at half of its life. Null with <see cref="ExpiresAt"/>.</summary>
    public DateTimeOffset? RefreshAt { get; init; }

    public override string ToString() => User;
}
