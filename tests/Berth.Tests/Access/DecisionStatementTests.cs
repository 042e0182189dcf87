using Berth.Server.Access;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Access;

/// <summary>
/// A decision reads everything that it depends on in one statement. So it costs one round trip, and all facts are of the same moment.
/// </summary>
public sealed class DecisionStatementTests(SharedServer shared)
{
    private static readonly AsyncLocal<List<string>?> Heard = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("anonymous")]
    [InlineData("user")]
    [InlineData("workflow")]
    [InlineData("codespace")]
    [InlineData("preflight")]
    public async Task A_decision_about_a_package_takes_one_statement(string kind)
    {
        var seed = new Seed(shared.Server);
        var ada = await seed.UserAsync("ada");
        var bob = await seed.UserAsync("bob");
        var acme = await seed.OrganizationAsync("acme", ada, bob);
        var repository = await seed.RepositoryAsync(acme, "app");
        await seed.TeamAsync(acme, "core", bob, repository, "write");
        await seed.ExecuteAsync(
            """
            insert into packages (owner_id, type, name, state, visibility, repository_id, inherits_access, created_by, created_at,
              updated_at)
            values (@acme, 'container', 'app/web', 'live', 'private', @repository, @yes, 'test', 0, 0)
            """,
            new { acme, repository, yes = true });
        Principal principal = kind switch
        {
            "user" => bob,
            "workflow" => seed.Workflow(repository, "acme/app"),
            "codespace" => seed.Codespace(repository, bob) with { CodespaceId = 1 },
            "preflight" => seed.Codespace(repository, bob) with { AsksFor = new([1, 2]) },
            _ => Principal.Anonymous,
        };
        var address = new PackageAddress(seed.Name("acme"), PackageAddress.Container, "app/web");
        var (decision, statements) = await CountAsync(() => shared.Server.Services.GetRequiredService<AccessDecisions>()
            .DecideAsync(principal, address, PackageAction.Pull, Token));
        Assert.Equal(kind != "anonymous", decision.Allowed);
        Assert.Single(statements);
    }

    [Fact]
    public async Task What_somebody_is_to_many_repositories_takes_one_statement()
    {
        var seed = new Seed(shared.Server);
        var ada = await seed.UserAsync("ada");
        var bob = await seed.UserAsync("bob");
        var acme = await seed.OrganizationAsync("acme", ada, bob);
        var open = await seed.RepositoryAsync(acme, "open", "public");
        var inside = await seed.RepositoryAsync(acme, "inside", "internal");
        var closed = await seed.RepositoryAsync(acme, "closed");
        var shared1 = await seed.RepositoryAsync(acme, "shared");
        await seed.CollaboratorAsync(shared1, bob, "write");
        var (found, statements) = await CountAsync(() => seed.Db.ReadAsync(
            session => AccessDecisions.RepositoriesAsync(session, bob.UserId, [open, inside, closed, shared1, long.MaxValue]), Token));
        Assert.Single(statements);
        Assert.Equal(
            [open, inside, shared1], found.Values.Where(on => AccessRules.MayRead(on.Standing)).Select(on => on.Repository.Id).Order());
        Assert.Equal([shared1], found.Values.Where(on => AccessRules.MayWrite(on.Standing)).Select(on => on.Repository.Id));
        Assert.Equal(4, found.Count);
    }

    private async Task<(T Result, List<string> Statements)> CountAsync<T>(Func<Task<T>> act)
    {
        var db = shared.Server.Services.GetRequiredService<Berth.Server.Database.Db>();
        db.Listener ??= static sql => Heard.Value?.Add(sql);
        Heard.Value = [];
        try
        {
            return (await act(), Heard.Value);
        }
        finally
        {
            Heard.Value = null;
        }
    }
}
