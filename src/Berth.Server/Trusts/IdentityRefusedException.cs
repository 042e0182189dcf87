namespace Berth.Server.Trusts;

/// <summary>Why an ID token is refused.</summary>
internal enum IdentityFault
{
    /// <summary>It is not a signed token of an accepted form.</summary>
    Malformed,

    UntrustedIssuer,

    /// <summary>The issuer's keys could not be read, so nothing is known about the token.</summary>
    KeysUnavailable,

    Signature,

    Lifetime,

    Audience,

    Claim,

    /// <summary>The ref, environment or event does not match.</summary>
    Condition,

    /// <summary>It stands for no repository, or for more than one.</summary>
    Repository,

    Replayed,

    /// <summary>The request asks for more than the trust gives.</summary>
    Permission,
}

/// <summary>An ID token is refused. The words name what in the token did not match, and say nothing about any trust.</summary>
internal sealed class IdentityRefusedException(IdentityFault fault, string message) : Exception(message)
{
    public IdentityFault Fault { get; } = fault;
}
