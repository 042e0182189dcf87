using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Repositories;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Access;

/// <summary>Inserts accounts, repositories and packages directly into the tables, under new names, to test what reads them.</summary>
internal sealed class Seed(BerthServer server)
{
    private readonly string _suffix = Guid.CreateVersion7().ToString("N")[^10..];

    public Db Db { get; } = server.Services.GetRequiredService<Db>();

    public string Name(string name) => $"{name}{_suffix}";

    public async Task<UserPrincipal> UserAsync(string login, string scopes = "read:packages write:packages delete:packages")
    {
        var id = await AccountAsync("user", login);
        return new UserPrincipal(id, Name(login), SiteAdmin: false, Scopes.Parse(scopes), PackagePatterns.Unrestricted, TokenId: null);
    }

    public async Task<long> OrganizationAsync(string login, UserPrincipal owner, params UserPrincipal[] members)
    {
        var id = await AccountAsync("organization", login);
        await ExecuteAsync("insert into organizations (account_id, base_permission) values (@id, 'none')", new { id });
        await MemberAsync(id, owner, "admin");
        foreach (var member in members)
        {
            await MemberAsync(id, member, "member");
        }

        return id;
    }

    public Task SettingAsync(long organization, string column, object value) =>
        ExecuteAsync($"update organizations set {column} = @value where account_id = @organization", new { organization, value });

    public Task<long> RepositoryAsync(long owner, string name, string visibility = "private", string? cloneUrl = null) => Db.WriteAsync(
        session => session.SingleAsync<long>(
            """
            insert into repositories (owner_id, name, folded, visibility, clone_url, clone_url_normalised, created_at, updated_at)
            values (@owner, @name, @name, @visibility, @cloneUrl, @normalised, 0, 0) returning id
            """,
            new { owner, name, visibility, cloneUrl, normalised = GitUrl.Normalise(cloneUrl) }),
        TestContext.Current.CancellationToken);

    public Task CollaboratorAsync(long repository, UserPrincipal user, string role) => ExecuteAsync(
        "insert into collaborators (repository_id, user_id, role) values (@repository, @userId, @role)",
        new { repository, userId = user.UserId, role });

    public async Task TeamAsync(long organization, string slug, UserPrincipal member, long repository, string role)
    {
        var team = await Db.WriteAsync(
            session => session.SingleAsync<long>(
                "insert into teams (organization_id, slug, name, created_at) values (@organization, @slug, @slug, 0) returning id",
                new { organization, slug }),
            TestContext.Current.CancellationToken);
        await ExecuteAsync(
            "insert into team_members (team_id, user_id, role) values (@team, @userId, 'member')", new { team, userId = member.UserId });
        await ExecuteAsync(
            "insert into team_repositories (team_id, repository_id, role) values (@team, @repository, @role)",
            new { team, repository, role });
    }

    public WorkflowPrincipal Workflow(long repository, string fullName) => new(repository, fullName, Role.Write, Role.Write, TokenId: 0);

    public CodespacePrincipal Codespace(long repository, UserPrincipal creator) =>
        new(null, "cs", repository, "o/r", creator.UserId, creator.Login, TokenId: 0);

    public Task ExecuteAsync(string sql, object parameters) =>
        Db.WriteAsync(session => session.ExecuteAsync(sql, parameters), TestContext.Current.CancellationToken);

    private Task<long> AccountAsync(string kind, string login) => Db.WriteAsync(
        session => session.SingleAsync<long>(
            "insert into accounts (kind, login, folded, created_at, updated_at) values (@kind, @name, @name, 0, 0) returning id",
            new { kind, name = Name(login) }),
        TestContext.Current.CancellationToken);

    private Task MemberAsync(long organization, UserPrincipal user, string role) => ExecuteAsync(
        "insert into memberships (organization_id, user_id, role, created_at) values (@organization, @userId, @role, 0)",
        new { organization, userId = user.UserId, role });
}
