namespace Berth.Server.Faults;

/// <summary>
/// What kind of thing went wrong, in a codespace or at another registry: what code switches on and what is counted. The words are the
/// fault's own.
/// </summary>
public enum FaultKind
{
    /// <summary>A registry does not accept user name and password at all.</summary>
    WrongPassword,

    /// <summary>Without a login a registry says nothing.</summary>
    LoginRequired,

    /// <summary>Who asks is known, and has no right to it.</summary>
    Denied,

    /// <summary>No such image, or no such tag.</summary>
    NotFound,
    WrongPlatform,

    /// <summary>The registry's name does not resolve.</summary>
    UnknownHost,
    Unreachable,
    UntrustedCertificate,
    PlainHttp,

    /// <summary>The address is one that Berth may not reach (BERTH_ALLOWED_NETWORKS).</summary>
    AddressRefused,
    RateLimited,

    /// <summary>A registry wants the login sent to a host that has no business with it (BERTH_TOKEN_REALMS).</summary>
    RealmRefused,

    /// <summary>It answers with something that no registry answers.</summary>
    Unusable,

    /// <summary>The login could not be exchanged for the one that the registry takes (ECR).</summary>
    ExchangeFailed,

    /// <summary>A file of the repository says what is wrong, or what codespaces do not have.</summary>
    Configuration,

    /// <summary>The repository is gone, or cannot be cloned.</summary>
    Repository,

    /// <summary>The build of an image failed.</summary>
    Build,

    /// <summary>A container, or a command in it, did not do what was waited for.</summary>
    Container,

    /// <summary>The container engine refused, or is away.</summary>
    Engine,

    /// <summary>The server's machine lacks something that codespaces need.</summary>
    Host,
    TimedOut,
}
