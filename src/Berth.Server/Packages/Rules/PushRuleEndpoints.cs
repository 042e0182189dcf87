using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Database;

namespace Berth.Server.Packages.Rules;

/// <summary>The routes for rules about tags, of one package and of all packages of an account.</summary>
internal static class PushRuleEndpoints
{
    /// <param name="owner"><c>/orgs/{org}</c>, <c>/users/{username}</c> or <c>/user</c>.</param>
    public static void MapPushRules(this IEndpointRouteBuilder api, string owner)
    {
        var rules = owner + "/packages/{type}/{name}/push-rules";
        api.MapRead(rules, OfPackageAsync).Requires(ApiNeed.PackageAdministratorReading, "read:packages")
            .Does("List the rules about tags of a package").Gives<List<PushRule>>();
        api.MapPost(rules, AddToPackageAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Add a rule about tags of a package").Takes<NewPushRule>().Creates<PushRule>();
        api.MapDelete(rules + "/{rule_id}", RemoveFromPackageAsync).Requires(ApiNeed.PackageAdministrator, "write:packages")
            .Does("Take a rule about tags of a package away").GivesNothing();
    }

    public static void MapOwnerPushRules(this IEndpointRouteBuilder api)
    {
        foreach (var (rules, need) in new[]
        {
            ("/orgs/{org}/settings/push-rules", ApiNeed.OrganizationOwner), ("/user/settings/push-rules", ApiNeed.User),
        })
        {
            api.MapRead(rules, OfOwnerAsync).Requires(need, "read:packages")
                .Does("List the rules about tags of all packages").Gives<List<PushRule>>();
            api.MapPost(rules, AddToOwnerAsync).Requires(need, "write:packages")
                .Does("Add a rule about tags of all packages").Takes<NewPushRule>().Creates<PushRule>();
            api.MapDelete(rules + "/{rule_id}", RemoveFromOwnerAsync).Requires(need, "write:packages")
                .Does("Take a rule about tags of all packages away").GivesNothing();
        }
    }

    private static async Task<IResult> OfPackageAsync(PackageAccess access, Db db, CancellationToken cancellationToken) =>
        Rules(await db.ReadAsync(session => TagRuleTable.OfPackageAsync(session, access.Id), cancellationToken));

    private static async Task<IResult> OfOwnerAsync(HttpContext http, ApiCaller caller, Db db, CancellationToken cancellationToken)
    {
        var owner = Place(http, caller).OwnerId;
        return Rules(await db.ReadAsync(session => TagRuleTable.OfOwnerAsync(session, owner), cancellationToken));
    }

    private static Task<IResult> AddToPackageAsync(
        HttpRequest request, ApiCaller caller, PackageAccess access, ChangePushRules change, CancellationToken cancellationToken) =>
        AddAsync(request, caller, Place(access), change, cancellationToken);

    private static Task<IResult> AddToOwnerAsync(
        HttpContext http, ApiCaller caller, ChangePushRules change, CancellationToken cancellationToken) =>
        AddAsync(http.Request, caller, Place(http, caller), change, cancellationToken);

    private static Task<IResult> RemoveFromPackageAsync(
        string rule_id, ApiCaller caller, PackageAccess access, Db db, ChangePushRules change, CancellationToken cancellationToken) =>
        RemoveAsync(rule_id, caller, Place(access), db, change, cancellationToken);

    private static Task<IResult> RemoveFromOwnerAsync(
        string rule_id, HttpContext http, ApiCaller caller, Db db, ChangePushRules change, CancellationToken cancellationToken) =>
        RemoveAsync(rule_id, caller, Place(http, caller), db, change, cancellationToken);

    private static RulePlace Place(PackageAccess access)
    {
        var owner = access.Facts.Owner!;
        return new(owner.Id, owner.Login, owner.IsOrganization, access.Id, access.Address with { Owner = owner.Login });
    }

    /// <summary>The organization that the gate has checked, else the caller.</summary>
    private static RulePlace Place(HttpContext http, ApiCaller caller) =>
        http.Features.Get<OrganizationAccess>()?.Organization is { } organization
            ? new(organization.Id, organization.Login, OfOrganization: true, PackageId: null, Package: null)
            : new(caller.User.UserId, caller.User.Login, OfOrganization: false, PackageId: null, Package: null);

    private static IResult Rules(List<StoredRule> rules) => ApiResult.Ok(rules.ConvertAll(rule => rule.ToWire()));

    private static async Task<IResult> AddAsync(
        HttpRequest request, ApiCaller caller, RulePlace place, ChangePushRules change, CancellationToken cancellationToken) =>
        ApiResult.Created(
            await change.AddAsync(caller, place, await PushRuleRequest.ReadAsync(request, cancellationToken), cancellationToken));

    private static async Task<IResult> RemoveAsync(
        string rule_id, ApiCaller caller, RulePlace place, Db db, ChangePushRules change, CancellationToken cancellationToken)
    {
        if (!long.TryParse(rule_id, out var id))
        {
            return ApiErrors.Hidden(caller.Principal);
        }

        if (await change.RemoveAsync(caller, place, id, cancellationToken))
        {
            return ApiResult.NoContent();
        }

        var ofOwner = place.PackageId is { } package
            && await db.ReadAsync(session => TagRuleTable.InForceAsync(session, package), cancellationToken) is { } counting
            && counting.Exists(rule => rule.Id == id);
        return ofOwner
            ? ApiErrors.Unprocessable(
                PushRuleRequest.Resource, "id",
                $"the rule is for all packages of {place.Owner}; an owner can take it away: berth package rules rm {place.Owner} {id}")
            : ApiErrors.Hidden(caller.Principal);
    }
}
