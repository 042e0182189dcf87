using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Api.Description;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages;

/// <summary>
/// Explains why somebody may or may not do something. The same rules as for requests decide, and the answer shows the rules that were
/// checked.
/// </summary>
internal static class ExplainEndpoints
{
    private const string Resource = "Explanation";
    private static readonly string[] Kinds = ["user", "workflow", "codespace"];

    /// <param name="owner"><c>/orgs/{org}</c>, <c>/users/{username}</c> or <c>/user</c>.</param>
    public static void MapExplain(this IEndpointRouteBuilder api, string owner) =>
        api.MapRead(owner + "/packages/{type}/{name}/access/explain", ExplainAsync).Requires(ApiNeed.PackageReader, "read:packages")
            .Does("Ask who may do what with a package, and why").Asks("user", "The login of somebody.")
            .Asks("workflow", "A repository as owner/name: its workflows.")
            .Asks("codespace", "The name of a codespace, or a repository as owner/name: one that you would create.")
            .Asks("action", "Without it `pull`.", "pull", "push", "delete")
            .Asks("tag", "To push or delete this tag: rules about tags count too.")
            .Asks("ref", "With `workflow`: the ref that it runs on.")
            .Asks("environment", "With `workflow`: the environment that it runs in.")
            .Gives<Explanation>();

    /// <summary>Everybody may ask about themselves and their own codespaces. Admins of the package may ask about anybody.</summary>
    private static async Task<IResult> ExplainAsync(
        HttpRequest request, ApiCaller caller, PackageAccess access, Db db, AccessDecisions decisions, CancellationToken cancellationToken)
    {
        var action = request.Query["action"].ToString() switch
        {
            "" or "pull" => PackageAction.Pull,
            "push" => PackageAction.Push,
            "delete" => PackageAction.Delete,
            _ => (PackageAction?)null,
        };
        if (action is null)
        {
            return ApiErrors.Invalid(Resource, "action", "action must be pull, push or delete");
        }

        var tag = Text(request, "tag");
        if (TagFault(request, action.Value, tag) is { } fault)
        {
            return fault;
        }

        var asked = Kinds.Where(name => request.Query.ContainsKey(name)).ToArray();
        if (asked.Length > 1)
        {
            return ApiErrors.Invalid(Resource, asked[1], "ask about one of user, workflow and codespace at a time");
        }

        var about = asked.Length == 0
            ? caller.Principal
            : await db.ReadAsync(
                session => PrincipalAsync(session, caller, asked[0], request), cancellationToken);
        var admin = AccessRules.UserRole(access.Facts, new RuleChain()) == Role.Admin;
        if (!admin && !IsOwn(caller, about))
        {
            return ApiErrors.Forbidden(caller.Principal, "admins of the package may ask about others, everybody else about themselves");
        }

        if (about is null)
        {
            return Errors.NotFound.With($"there is no {asked[0]} {request.Query[asked[0]]}");
        }

        // The caller may see the package, so the answer has the reason and the remedy even when the subject of the question may not know
        // them.
        var facts = await decisions.FactsAsync(about, access.Address, cancellationToken);
        var decision = AccessRules.Decide(about, action.Value, facts);
        var remedy = decision.Allowed ? null : Remedies.For(about, action.Value, facts);
        if (decision.Allowed && tag is not null)
        {
            var rules = await db.ReadAsync(
                session => DecideTagAsync(session, about, access, action.Value, tag), cancellationToken);
            decision = rules with { Chain = [.. decision.Chain, .. rules.Chain] };
            remedy = rules.Remedy;
        }

        var refusal = decision.Reason ?? decision.Chain.LastOrDefault(line => !line.Holds)?.Rule ?? "nothing grants it";
        return ApiResult.Ok(new Explanation
        {
            Package = access.Address.ToString(),
            Action = action.Value.ToString().ToLowerInvariant(),
            Tag = tag,
            Principal = Describe(about),
            Allowed = decision.Allowed,
            Reason = decision.Allowed ? decision.Deciding : refusal,
            Remedy = remedy,
            Rules = [.. decision.Chain.Select(line => new ExplanationRule(line.Holds, line.Rule))],
        });
    }

    private static string? Text(HttpRequest request, string name) => request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>Only pushing and deleting concern a tag. Only a workflow's run has a ref and an environment.</summary>
    private static ApiError? TagFault(HttpRequest request, PackageAction action, string? tag) =>
        tag is not null && !Tag.TryParse(tag, out _) ? ApiErrors.Invalid(Resource, "tag", Tag.Rule)
        : tag is not null && action == PackageAction.Pull
            ? ApiErrors.Invalid(Resource, "tag", "a tag goes with action=push or action=delete: whoever may pull may pull all tags")
        : (Text(request, "ref") ?? Text(request, "environment")) is not null && !request.Query.ContainsKey("workflow")
            ? ApiErrors.Invalid(Resource, "ref", "ref and environment go with workflow")
        : null;

    /// <summary>Decides as if another version were pushed under the tag, or the tag were removed.</summary>
    private static async Task<Decision> DecideTagAsync(
        DbSession session, Principal about, PackageAccess access, PackageAction action, string tag) =>
        AccessRules.DecideTag(
            about,
            await ReadTagFacts.LoadAsync(session, about, access.Address, await TagRuleTable.InForceAsync(session, access.Id)),
            await TagRuleTable.ChangeAsync(session, access.Id, tag, action == PackageAction.Push ? TagChange.Another : null));

    private static bool IsOwn(ApiCaller caller, Principal? about) => about switch
    {
        null => false,
        _ when about == caller.Principal => true,
        UserPrincipal user => user.UserId == caller.UserOrNull?.UserId,
        WorkflowPrincipal workflow => caller.Principal is WorkflowPrincipal self && workflow.RepositoryId == self.RepositoryId,
        CodespacePrincipal codespace => codespace.UserId == caller.UserOrNull?.UserId,
        _ => false,
    };

    /// <summary>
    /// The principal has the person's roles and no token's limits. A token only limits what a role gives, and says itself which scopes it
    /// has.
    /// </summary>
    private static async Task<Principal?> PrincipalAsync(DbSession session, ApiCaller caller, string kind, HttpRequest request)
    {
        var name = request.Query[kind].ToString();
        if (kind == "user")
        {
            return await AccountTable.FindUserAsync(session, name) is { } user
                ? new UserPrincipal(user.Id, user.Login, user.SiteAdmin, Scopes.All, PackagePatterns.Unrestricted, TokenId: null)
                : null;
        }

        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var on = slash > 0
            ? await AccessDecisions.RepositoryAsync(session, caller.UserOrNull?.UserId, name[..slash], name[(slash + 1)..])
            : null;
        if (on is not null && !MayKnow(on))
        {
            return null;
        }

        var repository = on?.Repository;

        if (kind == "workflow")
        {
            return repository is null
                ? null
                : new WorkflowPrincipal(repository.Id, repository.FullName, Role.Write, Role.Admin, TokenId: 0)
                {
                    Run = new VerifiedRun(null, Text(request, "ref"), null, Text(request, "environment"), null),
                };
        }

        if (repository is not null && caller.UserOrNull is { } creator)
        {
            // owner/name asks about a codespace of that repository which the caller would create.
            return new CodespacePrincipal(null, "new", repository.Id, repository.FullName, creator.UserId, creator.Login, TokenId: 0);
        }

        var row = await session.FirstOrDefaultAsync<CodespaceOf>(
            """
            select c.id, c.name, c.repository_id, o.login || '/' || r.name as repository, c.owner_id as user_id, u.login as user_login
            from codespaces c join repositories r on r.id = c.repository_id join accounts o on o.id = r.owner_id
              join accounts u on u.id = c.owner_id
            where c.name = @name
            """,
            new { name });
        return row is null || (row.UserId != caller.UserOrNull?.UserId
                && !(await AccessDecisions.RepositoryAsync(session, caller.UserOrNull?.UserId, row.RepositoryId) is { } of && MayKnow(of)))
            ? null
            : new CodespacePrincipal(row.Id, row.Name, row.RepositoryId, row.Repository, row.UserId, row.UserLogin, TokenId: 0);
    }

    /// <summary>
    /// The caller must be able to read the repository, since an answer about its workflows or codespaces reveals that it exists.
    /// </summary>
    private static bool MayKnow(PersonOnRepository on) => AccessRules.MayRead(on.Repository, on.Standing, scoped: true);

    private static string Describe(Principal principal) => principal switch
    {
        UserPrincipal user => $"user {user.Login}",
        WorkflowPrincipal workflow => $"workflows of {workflow.Repository}",
        CodespacePrincipal codespace => $"codespace {codespace.Name} of {codespace.Repository}, created by {codespace.UserLogin}",
        _ => "anonymous",
    };

    private sealed record CodespaceOf
    {
        public long Id { get; init; }

        public string Name { get; init; } = "";

        public long RepositoryId { get; init; }

        public string Repository { get; init; } = "";

        public long UserId { get; init; }

        public string UserLogin { get; init; } = "";
    }
}
