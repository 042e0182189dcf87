using System.Text;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Organizations;

/// <summary>
/// Creates and deletes teams and changes their members, for every client. The caller's right is checked before. What cannot be done is
/// thrown as the API's answer.
/// </summary>
internal sealed class ChangeTeams(Db db, IFollowOrganizations followers, AuditLog audit, TimeProvider time)
{
    public const string Resource = "Team";

    /// <summary>What a name needs besides a length. Null when it has that.</summary>
    public static string? NameFault(string name) => Slug(name.Trim()).Length == 0 ? "name needs a letter or a digit" : null;

    /// <summary>Makes slugs as GitHub does: lower case, with hyphens for everything that is neither letter nor digit.</summary>
    internal static string Slug(string name)
    {
        var slug = new StringBuilder(name.Length);
        foreach (var c in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '_')
            {
                slug.Append(c);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        return slug.ToString().TrimEnd('-');
    }

    /// <param name="name">Must be checked already.</param>
    public Task<TeamRow> CreateAsync(
        ApiCaller caller, OwnerFacts organization, string name, string? description, CancellationToken cancellationToken)
    {
        name = name.Trim();
        var slug = Slug(name);
        return db.WriteAsync(
            async session =>
            {
                if (await TeamTable.InsertAsync(session, organization.Id, slug, name, description, time.GetUtcNow()) is null)
                {
                    ApiErrors.Exists(Resource, "name", $"there is a team {slug} already").Throw();
                }

                await RecordAsync(session, caller, organization, "team.create", AuditEntry.Team(slug));
                return (await TeamTable.FindAsync(session, organization.Id, slug))!;
            },
            cancellationToken);
    }

    public Task DeleteAsync(ApiCaller caller, OwnerFacts organization, string slug, CancellationToken cancellationToken) =>
        OnTeamAsync(organization, slug, async (session, team) =>
        {
            await followers.TeamGoneAsync(session, caller.Actor, team.Id);
            await TeamTable.DeleteAsync(session, team.Id);
            await RecordAsync(session, caller, organization, "team.destroy", AuditEntry.Team(team.Slug));
            return team;
        }, cancellationToken);

    public Task<(TeamRow Team, MemberRow Member)> SetMemberAsync(
        ApiCaller caller, OwnerFacts organization, string slug, string username, string role, CancellationToken cancellationToken) =>
        OnTeamAsync(organization, slug, async (session, team) =>
        {
            if (await OrganizationTable.MemberAsync(session, organization.Id, username) is not { } member)
            {
                throw new ApiException(
                    ApiErrors.Unprocessable(Resource, "username", $"{username} is not a member of {organization.Login}")
                        with
                    { Remedy = $"an owner can run: berth org member set {organization.Login} {username}" });
            }

            await TeamTable.SetMemberAsync(session, team.Id, member.Id, role);
            await RecordAsync(
                session, caller, organization, "team.add_member", AuditEntry.User(member.Login), now: $"{team.Slug} {role}");
            return (team, member with { Role = role });
        }, cancellationToken);

    public Task RemoveMemberAsync(
        ApiCaller caller, OwnerFacts organization, string slug, string username, CancellationToken cancellationToken) =>
        OnTeamAsync(organization, slug, async (session, team) =>
        {
            if (await TeamTable.MemberAsync(session, team.Id, username) is not { } member
                || await TeamTable.RemoveMemberAsync(session, team.Id, member.Id) == 0)
            {
                throw new ApiException(ApiErrors.Hidden(caller.Principal));
            }

            await RecordAsync(
                session, caller, organization, "team.remove_member", AuditEntry.User(member.Login), old: $"{team.Slug} {member.Role}");
            return team;
        }, cancellationToken);

    /// <summary>Runs a change on a team of the organization, in one transaction.</summary>
    public Task<T> OnTeamAsync<T>(
        OwnerFacts organization, string slug, Func<DbSession, TeamRow, Task<T>> change, CancellationToken cancellationToken) =>
        db.WriteAsync(
            async session => await TeamTable.FindAsync(session, organization.Id, slug) is { } team
                ? await change(session, team)
                : throw new ApiException(Errors.NotFound.With($"{organization.Login} has no team {slug}")),
            cancellationToken);

    public Task RecordAsync(
        DbSession session, ApiCaller caller, OwnerFacts organization, string action, string subject, string? old = null,
        string? now = null) =>
        audit.RecordAsync(session, caller.Actor, AuditEntry.In(organization, action, subject) with { Old = old, New = now });
}
