using Berth.Server.Access;
using Berth.Server.Faults;

namespace Berth.Server.Trusts;

/// <summary>Decides which trusts a verified ID token meets. It needs no database.</summary>
internal static class TrustMatch
{
    /// <summary>
    /// On GitHub such a workflow runs with the rights of the base repository, but may run the code of anybody who opens a pull request. So
    /// it is trusted only when the trust names it.
    /// </summary>
    private const string OfStrangers = "pull_request_target";

    /// <summary>Returns at least one trust.</summary>
    /// <param name="claims">Must come from a token whose signature was verified.</param>
    /// <exception cref="IdentityRefusedException">The token meets no trust. The words name what in it did not match.</exception>
    public static IReadOnlyList<Trust> Find(IReadOnlyList<Trust> ofIssuer, IdentityClaims claims)
    {
        var audiences = claims.Audiences;
        var forUs = ofIssuer.Where(trust => audiences.Contains(trust.Audience, StringComparer.Ordinal)).ToList();
        if (forUs.Count == 0)
        {
            throw new IdentityRefusedException(
                IdentityFault.Audience,
                audiences.Count == 0
                    ? "the ID token names no audience (aud)"
                    : $"the ID token's audience is not trusted: {Shown.Of(string.Join(", ", audiences))}");
        }

        var known = forUs.Where(trust => claims[trust.Claim] == trust.Value).ToList();
        if (known.Count == 0)
        {
            var asked = forUs.Select(trust => trust.Claim).Distinct(StringComparer.Ordinal).Where(claims.Has)
                .Select(claim => $"{claim} {claims[claim]}").ToList();
            throw new IdentityRefusedException(
                IdentityFault.Claim,
                asked.Count == 0
                    ? "the ID token has none of the ids that are trusted"
                    : $"the ID token's id is not trusted: {Shown.Of(string.Join(", ", asked))}");
        }

        var met = known.Where(trust => FaultOf(trust, claims) is null).ToList();
        return met.Count > 0
            ? met
            : throw new IdentityRefusedException(
                IdentityFault.Condition,
                "the ID token's "
                    + string.Join(", ", known.Select(trust => FaultOf(trust, claims)).OfType<string>().Distinct(StringComparer.Ordinal)));
    }

    private static string? FaultOf(Trust trust, IdentityClaims claims)
    {
        var run = trust.Ci.RunOf(claims);
        return trust.Ref is { } wanted && !RefPattern.Covers(wanted, run.Ref) ? $"ref is not trusted: {Named(run.Ref)}"
            : trust.Environment is { } environment && environment != run.Environment
                ? $"environment is not trusted: {Named(run.Environment)}"
            : trust.Event is { } asked ? asked == run.Event ? null : $"event is not trusted: {Named(run.Event)}"
            : run.Event == OfStrangers ? $"event is not trusted: {OfStrangers}, which the trust would have to name"
            : null;
    }

    private static string Named(string? text) => text is null ? "it has none" : Shown.Of(text);
}
