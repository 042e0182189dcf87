using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Accounts, site administration, organizations and teams.</summary>
public sealed partial class BerthClient
{
    /// <summary>The last run of the server's garbage collector.</summary>
    public Task<GarbageCollectionRun> GarbageCollectionAsync(CancellationToken cancellationToken) =>
        GetAsync<GarbageCollectionRun>("admin/garbage-collection", cancellationToken);

    /// <summary>Begins a run, or returns the running one.</summary>
    public Task<GarbageCollectionRun> CollectGarbageAsync(CancellationToken cancellationToken) =>
        SendForAsync<GarbageCollectionRun>(HttpMethod.Post, "admin/garbage-collection", cancellationToken);

    public Task<Account> UserAsync(CancellationToken cancellationToken) => GetAsync<Account>("user", cancellationToken);

    public Task<Account> AccountAsync(string login, CancellationToken cancellationToken) =>
        GetAsync<Account>($"users/{Escape(login)}", cancellationToken);

    public Task<List<Account>> UsersAsync(CancellationToken cancellationToken) => ListAsync<Account>("users", cancellationToken);

    public Task<Account> CreateUserAsync(NewUser user, CancellationToken cancellationToken) =>
        SendAsync<NewUser, Account>(HttpMethod.Post, "admin/users", user, cancellationToken);

    public Task DeleteUserAsync(string login, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"admin/users/{Escape(login)}", cancellationToken);

    public Task SetSiteAdminAsync(string login, bool siteAdmin, CancellationToken cancellationToken) =>
        SendAsync(siteAdmin ? HttpMethod.Put : HttpMethod.Delete, $"users/{Escape(login)}/site_admin", cancellationToken);

    public Task<Token> AuthorizeAsync(string login, NewToken token, CancellationToken cancellationToken) =>
        SendAsync<NewToken, Token>(HttpMethod.Post, $"admin/users/{Escape(login)}/authorizations", token, cancellationToken);

    public Task RevokeAsync(string login, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"admin/users/{Escape(login)}/authorizations", cancellationToken);

    public Task<Account> CreateOrganizationAsync(NewOrganization organization, CancellationToken cancellationToken) =>
        SendAsync<NewOrganization, Account>(HttpMethod.Post, "admin/organizations", organization, cancellationToken);

    public Task<List<Organization>> OrganizationsAsync(CancellationToken cancellationToken) =>
        ListAsync<Organization>("user/orgs", cancellationToken);

    public Task<Organization> OrganizationAsync(string org, CancellationToken cancellationToken) =>
        GetAsync<Organization>($"orgs/{Escape(org)}", cancellationToken);

    public Task<Organization> ChangeOrganizationAsync(string org, OrganizationChange change, CancellationToken cancellationToken) =>
        SendAsync<OrganizationChange, Organization>(HttpMethod.Patch, $"orgs/{Escape(org)}", change, cancellationToken);

    public Task DeleteOrganizationAsync(string org, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"orgs/{Escape(org)}", cancellationToken);

    public Task<OrganizationPackageSettings> PackageSettingsAsync(string org, CancellationToken cancellationToken) =>
        GetAsync<OrganizationPackageSettings>($"orgs/{Escape(org)}/settings/packages", cancellationToken);

    public Task<OrganizationPackageSettings> ChangePackageSettingsAsync(
        string org, OrganizationPackageSettingsChange change, CancellationToken cancellationToken) =>
        SendAsync<OrganizationPackageSettingsChange, OrganizationPackageSettings>(
            HttpMethod.Patch, $"orgs/{Escape(org)}/settings/packages", change, cancellationToken);

    public async Task<List<Membership>> MembersAsync(string org, CancellationToken cancellationToken)
    {
        var members = await ListAsync<Account>($"orgs/{Escape(org)}/members", cancellationToken).ConfigureAwait(false);
        var owners = (await ListAsync<Account>($"orgs/{Escape(org)}/members?role=admin", cancellationToken).ConfigureAwait(false))
            .ConvertAll(owner => owner.Id);
        var organization = await AccountAsync(org, cancellationToken).ConfigureAwait(false);
        return members.ConvertAll(member => new Membership
        {
            Url = $"{_api}orgs/{organization.Login}/memberships/{member.Login}",
            Role = owners.Contains(member.Id) ? "admin" : "member",
            OrganizationUrl = $"{_api}orgs/{organization.Login}",
            Organization = organization,
            User = member,
        });
    }

    public Task<Membership> SetMemberAsync(string org, string login, string role, CancellationToken cancellationToken) =>
        SendAsync<MembershipChange, Membership>(
            HttpMethod.Put, $"orgs/{Escape(org)}/memberships/{Escape(login)}", new MembershipChange(role), cancellationToken);

    public Task RemoveMemberAsync(string org, string login, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"orgs/{Escape(org)}/memberships/{Escape(login)}", cancellationToken);

    public Task<List<Team>> TeamsAsync(string org, CancellationToken cancellationToken) =>
        ListAsync<Team>($"orgs/{Escape(org)}/teams", cancellationToken);

    public Task<Team> TeamAsync(string org, string team, CancellationToken cancellationToken) =>
        GetAsync<Team>(TeamPath(org, team), cancellationToken);

    public Task<Team> CreateTeamAsync(string org, TeamChange team, CancellationToken cancellationToken) =>
        SendAsync<TeamChange, Team>(HttpMethod.Post, $"orgs/{Escape(org)}/teams", team, cancellationToken);

    public Task<Team> ChangeTeamAsync(string org, string team, TeamChange change, CancellationToken cancellationToken) =>
        SendAsync<TeamChange, Team>(HttpMethod.Patch, TeamPath(org, team), change, cancellationToken);

    public Task DeleteTeamAsync(string org, string team, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, TeamPath(org, team), cancellationToken);

    public Task<List<Account>> TeamMembersAsync(string org, string team, CancellationToken cancellationToken) =>
        ListAsync<Account>($"{TeamPath(org, team)}/members", cancellationToken);

    public Task<TeamMembership> SetTeamMemberAsync(
        string org, string team, string login, string role, CancellationToken cancellationToken) =>
        SendAsync<TeamMembershipChange, TeamMembership>(
            HttpMethod.Put, $"{TeamPath(org, team)}/memberships/{Escape(login)}", new TeamMembershipChange(role), cancellationToken);

    public Task RemoveTeamMemberAsync(string org, string team, string login, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{TeamPath(org, team)}/memberships/{Escape(login)}", cancellationToken);

    public Task<List<Repository>> TeamRepositoriesAsync(string org, string team, CancellationToken cancellationToken) =>
        ListAsync<Repository>($"{TeamPath(org, team)}/repos", cancellationToken);

    public Task SetTeamRepositoryAsync(
        string org, string team, string repository, string permission, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Put, $"{TeamPath(org, team)}/repos/{Repository(repository)}", new PermissionChange(permission), cancellationToken);

    public Task RemoveTeamRepositoryAsync(string org, string team, string repository, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"{TeamPath(org, team)}/repos/{Repository(repository)}", cancellationToken);

    private static string TeamPath(string org, string team) => $"orgs/{Escape(org)}/teams/{Escape(team)}";
}
