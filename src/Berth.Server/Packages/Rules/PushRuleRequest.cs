using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Organizations;
using Berth.Server.Repositories;

namespace Berth.Server.Packages.Rules;

/// <summary>Reads a new rule. First it checks what can be checked without the database, then it resolves the names.</summary>
internal static class PushRuleRequest
{
    public const string Resource = "PushRule";
    private const int MostAllowances = 50;
    private static readonly string[] Kinds = ["role", "team", "workflow"];

    public static Task<NewPushRule> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        RequestBody.ReadAsync<NewPushRule>(request, Resource, Check, cancellationToken);

    /// <exception cref="ApiException">422: there is no such team or repository.</exception>
    public static async Task<TagRule> ResolveAsync(DbSession session, UserPrincipal caller, RulePlace place, NewPushRule wanted)
    {
        List<TagAllowance>? allow = wanted.Allow is null ? null : [];
        foreach (var one in wanted.Allow ?? [])
        {
            allow!.Add(await ResolveAsync(session, caller, place, one));
        }

        return new TagRule { Pattern = wanted.Pattern, Immutable = wanted.Immutable ?? false, Allow = allow };
    }

    private static void Check(NewPushRule body, BodyFaults faults)
    {
        if (body.Pattern is { } pattern && !faults.Has("pattern") && !TagPattern.IsPattern(pattern))
        {
            faults.Add("pattern", "pattern must be letters, digits, _, ., - and *, of at most 128 characters");
        }

        if (body is { Immutable: null or false, Allow: null } && !faults.Has("immutable") && !faults.Has("allow"))
        {
            faults.Add("allow", "the rule says nothing: let it keep tags (immutable: true), or say who may push them (allow)");
        }

        if (body.Allow is { Count: > MostAllowances })
        {
            faults.Add("allow", $"allow has at most {MostAllowances} entries");
            return;
        }

        for (var i = 0; i < (body.Allow?.Count ?? 0); i++)
        {
            Check(body.Allow![i], $"allow[{i}]", faults);
        }
    }

    private static void Check(PushAllowance one, string field, BodyFaults faults)
    {
        var said = new[] { one.Role, one.Team, one.Workflow }.Count(text => text is not null);
        if (said != 1 && !Kinds.Any(name => faults.Has($"{field}.{name}")))
        {
            faults.Add(field, $"{field} must say one of role, team and workflow");
        }

        if (one.Workflow is { } repository && !RepositoryNames.TrySplit(repository, out _, out _))
        {
            faults.Add($"{field}.workflow", $"{field}.workflow must be owner/name of a repository");
        }

        if (one is { Workflow: null } and not { Ref: null, Environment: null } && !faults.Has($"{field}.workflow"))
        {
            faults.Add($"{field}.ref", $"{field}: ref and environment go with workflow");
        }
        else if (one.Ref is { } gitRef && RefPattern.FaultOf(gitRef) is { } fault)
        {
            faults.Add($"{field}.ref", $"{field}: {fault}");
        }
    }

    private static async Task<TagAllowance> ResolveAsync(DbSession session, UserPrincipal caller, RulePlace place, PushAllowance one)
    {
        if (one.Team is { } slug)
        {
            var team = place.OfOrganization ? await TeamTable.FindAsync(session, place.OwnerId, slug) : null;
            return team is null
                ? throw new ApiException(
                    ApiErrors.Unprocessable(
                        Resource, "allow",
                        place.OfOrganization ? $"{place.Owner} has no team {slug}" : "a user has no teams; name people by their role"))
                : new TagAllowance { TeamId = team.Id, Team = team.Slug };
        }

        if (one.Workflow is { } name)
        {
            // A caller who cannot read a repository cannot name it, since the answer would reveal that it exists.
            var on = RepositoryNames.TrySplit(name, out var owner, out var repository)
                ? await AccessDecisions.RepositoryAsync(session, caller.UserId, owner, repository)
                : null;
            return on is null || !AccessRules.MayRead(on.Standing)
                ? throw new ApiException(
                    ApiErrors.Unprocessable(Resource, "allow", $"there is no repository {name} that you can read"))
                : new TagAllowance
                {
                    RepositoryId = on.Repository.Id,
                    Repository = on.Repository.FullName,
                    Ref = one.Ref,
                    Environment = one.Environment,
                };
        }

        return new TagAllowance { Role = RoleNames.TryParse(one.Role, out var role) ? role : Role.Admin };
    }
}
