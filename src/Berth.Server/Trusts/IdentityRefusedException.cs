namespace Berth.Server.Trusts;

/// <summary>What of an ID token did not hold.</summary>
internal enum IdentityFault
{
    /// <summary>It is no signed token of a form that is taken.</summary>
    Malformed,

    UntrustedIssuer,

    /// <summary>The issuer's keys could not be read: nothing is said about the token.</summary>
    KeysUnavailable,

    Signature,

    Lifetime,

    Audience,

    Claim,

    /// <summary>Ref, environment or event.</summary>
    Condition,

    /// <summary>No repository is meant, or more than one.</summary>
    Repository,

    Replayed,

    /// <summary>More was asked than the trust gives.</summary>
    Permission,
}

/// <summary>An ID token is not taken. The words name what did not match in the token, and say nothing of any trust.</summary>
internal sealed class IdentityRefusedException(IdentityFault fault, string message) : Exception(message)
{
    public IdentityFault Fault { get; } = fault;
}
