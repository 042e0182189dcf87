using Berth.Server.Access;
using Berth.Tests.TestServer;

namespace Berth.Tests.Access;

/// <summary>
/// Compares the list of what a caller may pull with the decision about each package alone. In a namespace with every kind of tie, both
/// agree for every caller.
/// </summary>
public sealed class ReadablePackagesTests(SharedServer shared)
{
    private static readonly string[] Visibilities = ["private", "internal", "public"];

    /// <summary>The kinds of ties: to whom a package is granted or for whom it is listed, and links with and without inheritance.</summary>
    private static readonly string[] Ties = ["none", "user", "team", "actions", "codespaces", "linked", "inherits"];

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(2, 1, 4)]
    [InlineData(4, 0, 8)]
    [InlineData(0, 1000, 500)]
    [InlineData(400, 10, 500)]
    public void No_more_is_read_than_a_page_asks_for_until_it_stays_short(int last, int missing, int expected) =>
        Assert.Equal(expected, ReadablePackages.NextLimit(last, missing));

    [Fact]
    public async Task A_caller_is_shown_what_each_decision_lets_through()
    {
        var seed = new Seed(shared.Server);
        var (owner, member, friend, other) =
            (await seed.UserAsync("owner"), await seed.UserAsync("member"), await seed.UserAsync("friend"), await seed.UserAsync("other"));
        var acme = await seed.OrganizationAsync("acme", owner, member);
        var closed = await seed.RepositoryAsync(acme, "closed");
        var open = await seed.RepositoryAsync(acme, "open", "public");
        await seed.CollaboratorAsync(closed, friend, "read");
        await seed.TeamAsync(acme, "core", member, open, "write");
        List<PackageAddress> all = [];
        foreach (var (visibility, tie) in Visibilities.SelectMany(_ => Ties, (visibility, tie) => (visibility, tie)))
        {
            var name = $"{visibility}-{tie}";
            await PackageAsync(seed, acme, name, visibility, tie, friend, closed);
            all.Add(new PackageAddress(seed.Name("acme"), "container", name));
        }

        await PackageAsync(seed, other.UserId, "own", "private", "none", friend, closed);
        all.Add(new PackageAddress(other.Login, "container", "own"));
        Principal[] callers =
        [
            Principal.Anonymous, owner, member, friend, other, friend with { Scopes = Scopes.Parse("read:org") },
            friend with { Patterns = PackagePatterns.Parse($"{seed.Name("acme")}/private-user") },
            seed.Workflow(closed, "acme/closed"), seed.Workflow(open, "acme/open"),
            seed.Codespace(closed, friend), seed.Codespace(closed, other), seed.Codespace(open, member),
        ];
        foreach (var caller in callers)
        {
            List<string> expected = [];
            foreach (var address in all)
            {
                var facts = await seed.Db.ReadAsync(
                    session => AccessDecisions.LoadAsync(session, caller, address), TestContext.Current.CancellationToken);
                if (AccessRules.Decide(caller, PackageAction.Pull, facts).Allowed)
                {
                    expected.Add(address.ToString());
                }
            }

            Assert.Equal(expected.Order(StringComparer.Ordinal), await ListAsync(seed, caller, pageSize: 3));
            Assert.Equal(expected.Order(StringComparer.Ordinal), await ListAsync(seed, caller, pageSize: 1000));
        }
    }

    [Fact]
    public async Task Many_packages_are_judged_by_the_same_facts_as_one()
    {
        var seed = new Seed(shared.Server);
        var (owner, friend) = (await seed.UserAsync("owner"), await seed.UserAsync("friend"));
        var acme = await seed.OrganizationAsync("acme", owner, friend);
        var app = await seed.RepositoryAsync(acme, "app");
        await seed.CollaboratorAsync(app, friend, "write");
        await seed.TeamAsync(acme, "core", friend, app, "read");
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var tie in Ties)
        {
            ids[tie] = await PackageAsync(seed, acme, tie, "private", tie, friend, app);
        }

        foreach (var caller in (Principal[])[owner, friend, seed.Workflow(app, "acme/app"), seed.Codespace(app, friend)])
        {
            var many = await seed.Db.ReadAsync(
                session => AccessDecisions.LoadAsync(session, caller, ids.Values), TestContext.Current.CancellationToken);
            foreach (var (tie, id) in ids)
            {
                var one = await seed.Db.ReadAsync(
                    session => AccessDecisions.LoadAsync(session, caller, new PackageAddress(seed.Name("acme"), "container", tie)),
                    TestContext.Current.CancellationToken);
                foreach (var action in Enum.GetValues<PackageAction>())
                {
                    Assert.Equivalent(AccessRules.Decide(caller, action, one), AccessRules.Decide(caller, action, many[id]), strict: true);
                }
            }
        }
    }

    private static async Task<List<string>> ListAsync(Seed seed, Principal caller, int pageSize)
    {
        List<string> found = [];
        string? after = "";
        while (after is not null)
        {
            var page = await seed.Db.ReadAsync(
                session => ReadablePackages.PageAsync(session, caller, "container", after, pageSize),
                TestContext.Current.CancellationToken);
            Assert.True(page.Packages.Count <= pageSize, $"a page of {page.Packages.Count}");
            found.AddRange(
                page.Packages.Select(package => package.ToString())
                    .Where(name => name.Contains(seed.Name(""), StringComparison.Ordinal)));
            after = page.After;
        }

        return found;
    }

    private static async Task<long> PackageAsync(
        Seed seed, long owner, string name, string visibility, string tie, UserPrincipal friend, long repository)
    {
        var link = tie is "linked" or "inherits" ? repository : (long?)null;
        var id = await seed.Db.WriteAsync(
            session => session.SingleAsync<long>(
                """
                insert into packages (owner_id, type, name, state, visibility, repository_id, inherits_access, created_at, updated_at)
                values (@owner, 'container', @name, 'live', @visibility, @link, @inherits, 0, 0) returning id
                """,
                new { owner, name, visibility, link, inherits = tie == "inherits" }),
            TestContext.Current.CancellationToken);
        var statement = tie switch
        {
            "user" => "insert into package_users (package_id, user_id, role) values (@id, @userId, 'read')",
            "team" => """
                insert into package_teams (package_id, team_id, role)
                select @id, m.team_id, 'write' from team_members m join teams t on t.id = m.team_id
                where t.organization_id = @owner order by m.team_id limit 1
                """,
            "actions" => "insert into package_actions (package_id, repository_id, role) values (@id, @repository, 'write')",
            "codespaces" => "insert into package_codespaces (package_id, repository_id) values (@id, @repository)",
            _ => null,
        };
        if (statement is not null)
        {
            await seed.ExecuteAsync(statement, new { id, owner, userId = friend.UserId, repository });
        }

        return id;
    }
}
