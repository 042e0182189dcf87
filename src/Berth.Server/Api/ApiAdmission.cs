using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>Decides by a route's mark. Null lets the request in, and puts what was checked among its features.</summary>
internal sealed class ApiAdmission(Db db, AccessDecisions access)
{
    public async Task<ApiError?> AdmitAsync(HttpContext http, Principal principal, ApiRoute route)
    {
        if (Kind(http, principal, route) is { } wrongKind)
        {
            return wrongKind;
        }

        if (http.GetEndpoint()!.Metadata.GetMetadata<ByIds>() is not null
            && !await NamedAsync(http.Request.RouteValues, http.RequestAborted))
        {
            return ApiErrors.Hidden(principal);
        }

        if (route.OnPackage)
        {
            return await PackageAsync(http, principal, route.Need);
        }

        if (route.OnRepository)
        {
            return await RepositoryAsync(http, principal, route);
        }

        return route.OnOrganization || http.Request.RouteValues.ContainsKey("org")
            ? await OrganizationAsync(http, principal, route.Need)
            : null;
    }

    /// <summary>
    /// Decides which kinds of callers may use the route, and with which scopes. It asks nothing that depends on what exists.
    /// </summary>
    private static ApiError? Kind(HttpContext http, Principal principal, ApiRoute route)
    {
        // Public things can be read without a token and a scope. Everything else needs them.
        var reads = Reads(http);
        switch (principal)
        {
            case CodespacePrincipal codespace:
                return CodespaceReaches(http, codespace)
                    ? null
                    : ApiErrors.Forbidden(
                        principal, "a codespace's own token reaches its repository, its creator's profile and itself only");
            case WorkflowPrincipal:
                return route.OnPackage
                    ? null
                    : ApiErrors.Forbidden(principal, "Resource not accessible by integration: a workflow's token reaches packages only");
            case AnonymousPrincipal:
                return reads
                    && route.Need is (ApiNeed.Anyone or ApiNeed.RepositoryReader or ApiNeed.RepositoryUser or ApiNeed.PackageReader)
                    ? null
                    : ApiErrors.Challenged(Errors.RequiresAuthentication);
            case UserPrincipal { Patterns.Restricts: true } when !route.IsPackage:
                return ApiErrors.Forbidden(principal, "a token narrowed to packages reaches package routes only");
            case UserPrincipal user when route.Need == ApiNeed.SiteAdministrator && !user.SiteAdmin:
                return ApiErrors.Forbidden(principal, "this is for site administrators");
            case UserPrincipal user when route.Scopes.Count > 0 && !route.Scopes.Any(user.Scopes.Has)
                && !route.OnPackage && !(reads && route.Need is (ApiNeed.RepositoryReader or ApiNeed.RepositoryUser)):
                return ApiErrors.LacksScope(principal, route.Scopes);
            default:
                return null;
        }
    }

    /// <summary>Replaces ids in the path with names. Returns false when there is nothing with these ids.</summary>
    private async Task<bool> NamedAsync(RouteValueDictionary route, CancellationToken cancellationToken)
    {
        if (!long.TryParse(route["org"] as string, out var organizationId))
        {
            return false;
        }

        long? teamId = null;
        if (route["team_slug"] is string text)
        {
            teamId = long.TryParse(text, out var id) ? id : -1;
        }

        var names = await db.ReadAsync(session => AccessDecisions.NamesAsync(session, organizationId, teamId), cancellationToken);
        if (names is null)
        {
            return false;
        }

        route["org"] = names.Organization;
        if (teamId is not null)
        {
            route["team_slug"] = names.Team;
        }

        return true;
    }

    private static bool Reads(HttpContext http) => HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);

    private static bool CodespaceReaches(HttpContext http, CodespacePrincipal codespace)
    {
        string? Value(string name) => http.Request.RouteValues[name] as string;
        return http.GetEndpoint()!.Metadata.OfType<CodespaceReach>().FirstOrDefault() switch
        {
            CodespaceReach.Repository =>
                $"{Value("owner")}/{Value("repo")}".Equals(codespace.Repository, StringComparison.OrdinalIgnoreCase)
                    || Value("repository_id") == codespace.RepositoryId.ToString(System.Globalization.CultureInfo.InvariantCulture),
            CodespaceReach.Profile => codespace.UserLogin.Equals(Value("username"), StringComparison.OrdinalIgnoreCase),
            CodespaceReach.Codespace => codespace.Name.Equals(Value("name"), StringComparison.Ordinal),
            _ => false,
        };
    }

    private async Task<ApiError?> OrganizationAsync(HttpContext http, Principal principal, ApiNeed need)
    {
        var login = (string)http.Request.RouteValues["org"]!;
        var found = await db.ReadAsync(
            async session =>
                await AccessDecisions.NamespaceAsync(
                    session, (principal as UserPrincipal)?.UserId, login) is { Owner.IsOrganization: true } person
                    ? new OrganizationAccess(person.Owner, person.Membership, AccessRules.MayCreateRepository(person))
                    : null,
            http.RequestAborted);
        if (found is null || (found.Membership is null && need is not (ApiNeed.Anyone or ApiNeed.User or ApiNeed.PackageUser)))
        {
            return ApiErrors.Hidden(principal);
        }

        http.Features.Set(found);
        return need switch
        {
            ApiNeed.OrganizationOwner => OwnerOrSelf(principal, found, username: null),
            ApiNeed.OrganizationOwnerOrSelf => OwnerOrSelf(principal, found, http.Request.RouteValues["username"] as string),
            _ => null,
        };
    }

    /// <summary>Lets in an owner, or the named member. Also used where the path does not name the member.</summary>
    internal static ApiError? OwnerOrSelf(Principal principal, OrganizationAccess access, string? username) =>
        access.IsOwner || (principal is UserPrincipal me && me.Login.Equals(username, StringComparison.OrdinalIgnoreCase))
            ? null
            : ApiErrors.Forbidden(principal, $"this is for owners of {access.Organization.Login}");

    private async Task<ApiError?> RepositoryAsync(HttpContext http, Principal principal, ApiRoute route)
    {
        var found = await db.ReadAsync(session => FindAsync(session, http.Request.RouteValues, principal), http.RequestAborted);
        var scoped = principal is not UserPrincipal user || route.Scopes.Count == 0 || route.Scopes.Any(user.Scopes.Has);
        if (found is null || !AccessRules.MayRead(found.Repository, found.Standing, scoped))
        {
            return ApiErrors.Hidden(principal);
        }

        // Refused only here, so that nothing is said about a repository that the caller may not see.
        if (route.Need == ApiNeed.RepositoryUser && (principal is not UserPrincipal || !scoped))
        {
            return principal is UserPrincipal
                ? ApiErrors.LacksScope(principal, route.Scopes)
                : ApiErrors.Challenged(Errors.RequiresAuthentication);
        }

        http.Features.Set(found);
        var needed = route.Need switch
        {
            ApiNeed.RepositoryWriter => Role.Write,
            ApiNeed.RepositoryAdministrator => Role.Admin,
            _ => Role.None,
        };
        return AccessRules.May(needed, found.Standing)
            ? null
            : ApiErrors.Forbidden(principal, $"this needs {needed.Name()} on {found.Repository.FullName}");
    }

    private static async Task<RepositoryAccess?> FindAsync(DbSession session, RouteValueDictionary route, Principal principal)
    {
        var userId = principal switch
        {
            UserPrincipal user => user.UserId,
            CodespacePrincipal codespace => codespace.UserId,
            _ => (long?)null,
        };
        var found = route["repository_id"] is not string text
            ? await AccessDecisions.RepositoryAsync(session, userId, (string)route["owner"]!, (string)route["repo"]!)
            : long.TryParse(text, out var id) ? await AccessDecisions.RepositoryAsync(session, userId, id) : null;
        return found is null ? null : new RepositoryAccess(found.Repository, found.Standing);
    }

    private async Task<ApiError?> PackageAsync(HttpContext http, Principal principal, ApiNeed need)
    {
        if (!PackagePath.TryParse(http, principal, out var address))
        {
            return ApiErrors.Hidden(principal);
        }

        var facts = await access.FactsAsync(principal, address, http.RequestAborted);
        if (need == ApiNeed.PackageRestorer)
        {
            // A deleted package has no live facts. The handler finds its row and asks the same rules about it.
            http.Features.Set(new PackageAccess(facts));
            return null;
        }

        var action = need switch
        {
            ApiNeed.PackageReader or ApiNeed.PackageAdministratorReading => PackageAction.Pull,
            ApiNeed.PackageWriter => PackageAction.Push,
            ApiNeed.PackageDeleter => PackageAction.Delete,
            _ => PackageAction.Manage,
        };
        if (http.Request.RouteValues["org"] is string && facts.Owner is not { IsOrganization: true })
        {
            return ApiErrors.Hidden(principal);
        }

        http.Features.Set(new PackageAccess(facts));
        if (need == ApiNeed.PackageCreator && !facts.Exists)
        {
            // Whether the package may be created depends on the visibility in the body, so the handler decides with the same rules.
            return facts.Owner is null ? ApiErrors.Hidden(principal) : null;
        }

        var decision = AccessRules.Decide(principal, action, facts);
        var allowed = decision.Allowed && facts.Exists
            && (need != ApiNeed.PackageAdministratorReading || AccessRules.UserRole(facts, new RuleChain()) == Role.Admin);
        return allowed ? null : Refusal(principal, facts, decision, need);
    }

    internal static ApiError Refusal(Principal principal, PackageFacts facts, Decision decision, ApiNeed need)
    {
        if (AccessRules.PolicyRefusal(principal, facts) is { } policy)
        {
            return ApiErrors.Forbidden(principal, policy) with { Remedy = decision.Remedy };
        }

        if (!facts.Exists || !AccessRules.Decide(principal, PackageAction.Pull, facts).Allowed)
        {
            return ApiErrors.Hidden(principal);
        }

        var reason = need == ApiNeed.PackageAdministratorReading
            ? "needs the role admin on the package"
            : decision.Reason ?? "it is not allowed";
        return ApiErrors.Forbidden(principal, reason) with { Remedy = decision.Remedy };
    }
}
