using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api.Bodies;
using Berth.Server.Http;

namespace Berth.Server.Trusts;

/// <summary>The place in which a trust is added.</summary>
/// <param name="RepositoryId">Null: all repositories of the owner, an organization.</param>
/// <param name="ExternalId">The forge's id of the repository, if it is recorded.</param>
internal sealed record TrustPlace(long OwnerId, string Owner, long? RepositoryId, string? ExternalId);

/// <summary>Reads a new trust, and fills in what the kind of the CI system determines.</summary>
internal static class TrustRequest
{
    private const string Resource = "Trust";

    public static async Task<Trust> ReadAsync(
        HttpRequest request, TrustPlace place, AddressOptions address, CancellationToken cancellationToken)
    {
        var origin = address.BaseUri.GetLeftPart(UriPartial.Authority);
        var wanted = await RequestBody.ReadAsync<NewOidcTrust>(
            request, Resource, (body, faults) => Check(Filled(body, place, origin), place, origin, faults), cancellationToken);
        return Filled(wanted, place, origin);
    }

    private static Trust Filled(NewOidcTrust body, TrustPlace place, string origin)
    {
        var ci = CiProvider.Find(body.Provider ?? "other") ?? CiProvider.Find("other")!;
        var ofOrganization = place.RepositoryId is null;
        var issuer = body.Issuer ?? ci.Issuer ?? "";
        var claim = body.Claim ?? (ofOrganization ? ci.OwnerClaim : ci.RepositoryClaim) ?? "";
        return new Trust
        {
            OwnerId = place.OwnerId,
            OwnerLogin = place.Owner,
            RepositoryId = place.RepositoryId,
            Provider = ci.Name,
            Issuer = issuer,
            Audience = body.Audience ?? $"{origin}/{place.Owner}",
            Claim = claim,
            Value = body.Value ?? (claim == "iss" ? issuer : ofOrganization || claim != ci.RepositoryClaim ? null : place.ExternalId) ?? "",
            RepositoryClaim = ofOrganization ? body.RepositoryClaim ?? ci.RepositoryClaim : null,
            Ref = NullIfEmpty(body.Ref),
            Environment = NullIfEmpty(body.Environment),
            Event = NullIfEmpty(body.Event),
            Packages = body.Permissions?.Packages ?? "read",
        };
    }

    private static void Check(Trust trust, TrustPlace place, string origin, BodyFaults faults)
    {
        void Add(string field, string? fault)
        {
            if (fault is not null && !faults.Has(field))
            {
                faults.Add(field, fault);
            }
        }

        Add("issuer", trust.Issuer.Length == 0
            ? $"issuer is missing: where {(trust.Provider == "other" ? "the CI system" : trust.Provider)} issues its ID tokens"
            : IssuerDocuments.FaultOf(trust.Issuer) is { } wrong ? $"issuer {wrong}" : null);
        Add("audience", AudienceFault(trust.Audience, place.Owner, origin));
        Add("claim", trust.Claim.Length == 0 ? "claim is missing: the claim with the id to trust" : trust.Ci.FaultOf(trust.Claim));
        Add("value", trust.Value.Trim().Length == 0 ? ValueMissing(trust, place) : null);
        Add("repository_claim", place.RepositoryId is null
            ? trust.RepositoryClaim is { Length: > 0 } claim
                ? trust.Ci.FaultOf(claim)
                : "repository_claim is missing: the claim with the id of the repository, which is looked for as external_id"
            : null);
        Add("ref", trust.Ref is null ? null : RefPattern.FaultOf(trust.Ref));
    }

    /// <summary>A token that is made for another namespace of this server must never be accepted for this one.</summary>
    private static string? AudienceFault(string audience, string owner, string origin)
    {
        var mine = $"{origin}/{owner}";
        return audience.Trim().Length == 0 ? $"audience must not be empty; the usual one is {mine}"
            : !audience.StartsWith(origin + "/", StringComparison.OrdinalIgnoreCase) || audience.Length == origin.Length + 1
                || audience.Equals(mine, StringComparison.OrdinalIgnoreCase)
                || audience.StartsWith(mine + "/", StringComparison.OrdinalIgnoreCase)
                ? null
                : $"audience is somebody else's; below this server only {mine} can be trusted here";
    }

    private static string ValueMissing(Trust trust, TrustPlace place) =>
        place.RepositoryId is not null && trust.Claim == trust.Ci.RepositoryClaim
            ? $"value is missing: the {trust.Claim} to trust, or give the repository an external_id first"
            : $"value is missing: the {(trust.Claim.Length == 0 ? "id" : trust.Claim)} to trust";

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
