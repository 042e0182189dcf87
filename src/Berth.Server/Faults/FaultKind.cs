namespace Berth.Server.Faults;

/// <summary>
/// The kinds of failures in a codespace or at another registry, for decisions in code and for metrics. The words are the fault's own.
/// </summary>
public enum FaultKind
{
    /// <summary>A registry does not accept the user name and password at all.</summary>
    WrongPassword,

    /// <summary>A registry gives no answer without a login.</summary>
    LoginRequired,

    /// <summary>The caller is known, and has no right to it.</summary>
    Denied,

    /// <summary>There is no such image, or no such tag.</summary>
    NotFound,
    WrongPlatform,

    /// <summary>The registry's name does not resolve.</summary>
    UnknownHost,
    Unreachable,
    UntrustedCertificate,
    PlainHttp,

    /// <summary>Berth may not connect to the address (BERTH_ALLOWED_NETWORKS).</summary>
    AddressRefused,
    RateLimited,

    /// <summary>A registry asks to send the login to a host that may not get it (BERTH_TOKEN_REALMS).</summary>
    RealmRefused,

    /// <summary>The answer is not one that a registry gives.</summary>
    Unusable,

    /// <summary>The login could not be exchanged for one that the registry accepts (ECR).</summary>
    ExchangeFailed,

    /// <summary>A file of the repository is wrong, or asks for what codespaces do not have.</summary>
    Configuration,

    /// <summary>The repository is gone, or cannot be cloned.</summary>
    Repository,

    /// <summary>The build of an image failed.</summary>
    Build,

    /// <summary>A container, or a command in it, did not do what was expected.</summary>
    Container,

    /// <summary>The container engine refused, or is unavailable.</summary>
    Engine,

    /// <summary>The server's machine lacks something that codespaces need.</summary>
    Host,
    TimedOut,
}
