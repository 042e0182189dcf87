using Berth.Server.Oci;

namespace Berth.Server.Registries.Remote;

/// <summary>What came of asking a registry.</summary>
public enum RemoteOutcome
{
    Allowed,

    /// <summary>User name and password are not accepted at all.</summary>
    WrongPassword,

    /// <summary>Without a login it says nothing.</summary>
    LoginRequired,

    /// <summary>The login is good, and has no right to the image.</summary>
    Denied,

    /// <summary>No such image, or no such tag.</summary>
    NotFound,
    WrongPlatform,

    /// <summary>The name does not resolve.</summary>
    UnknownHost,
    Unreachable,
    UntrustedCertificate,
    PlainHttp,

    /// <summary>The address is one that Berth may not reach (BERTH_ALLOWED_NETWORKS).</summary>
    AddressRefused,
    RateLimited,

    /// <summary>It wants the login sent to a host that has no business with it (BERTH_TOKEN_REALMS).</summary>
    RealmRefused,

    /// <summary>It answers with something that no registry answers.</summary>
    Unusable,

    /// <summary>The login could not be exchanged for the one that the registry takes (ECR).</summary>
    ExchangeFailed,
}

/// <summary>How a registry takes a login.</summary>
public enum RemoteScheme
{
    None,
    Basic,
    Bearer,
}

/// <summary>One version of an image at a registry.</summary>
internal sealed record RemoteImage(RegistryHost Host, ImagePath Path, Reference Reference)
{
    /// <summary>Docker Hub's own images are below <c>library</c>, though people may leave that out.</summary>
    public static RemoteImage Of(ImageReference image) => new(
        image.Host,
        image.Host.IsDockerHub && ImagePath.TryParse("library/" + image.Path, out var official) && !image.Path.HasSlash ? official : image.Path,
        image.Reference);

    /// <summary>As people write it.</summary>
    public override string ToString() => $"{Host}/{Path}{(Reference.Digest is null ? ":" : "@")}{Reference}";
}

/// <summary>A token that a registry issued for one repository.</summary>
/// <param name="RefreshToken">A token that stands for the login itself, where the registry gives one (Azure does).</param>
internal sealed record RemoteToken(string Value, DateTimeOffset ExpiresAt, string? RefreshToken)
{
    public override string ToString() => "a token";
}

/// <summary>A manifest as far as a start looks at it.</summary>
/// <param name="Size">Bytes of configuration and layers of the chosen platform; null where nobody looked.</param>
/// <param name="Platforms">As <c>linux/amd64</c>; empty where it says none.</param>
internal sealed record RemoteManifest(Digest Digest, string MediaType, long? Size, IReadOnlyList<Platform> Platforms);

/// <summary>The answer of a registry, in one line for the person whose login it was.</summary>
/// <param name="Words">Holds no secret.</param>
internal sealed record RemoteAnswer(RemoteOutcome Outcome, string Words)
{
    public bool Ok => Outcome == RemoteOutcome.Allowed;

    /// <summary>The login was not taken, or has no right: a try without it may still succeed.</summary>
    public bool LoginRejected => Outcome is RemoteOutcome.WrongPassword or RemoteOutcome.Denied or RemoteOutcome.LoginRequired or RemoteOutcome.RealmRefused
        or RemoteOutcome.ExchangeFailed;

    public RemoteScheme Scheme { get; init; }

    /// <summary>Null unless the registry issued one.</summary>
    public RemoteToken? Token { get; init; }

    public RemoteManifest? Manifest { get; init; }
}

/// <summary>A conversation that ended early; caught where conversations begin.</summary>
#pragma warning disable CA1032, RCS1194 // Without an outcome it means nothing.
internal sealed class RemoteException(RemoteOutcome outcome, string words) : Exception(words)
#pragma warning restore CA1032, RCS1194
{
    public RemoteOutcome Outcome { get; } = outcome;

    /// <summary>The other side did not speak TLS: it may speak plain http.</summary>
    public bool NotTls { get; init; }
}
