using Berth.Server.Access;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces.Environment;

/// <summary>For which scopes npm in a codespace asks Berth, and with which token.</summary>
public sealed class NpmInsideTests
{
    [Fact]
    public async Task It_has_the_token_and_the_scopes_of_the_owner_the_person_and_their_organizations_that_are_here()
    {
        await using var server = await BerthServer.StartAsync();
        var (ada, bob, eve) = (await server.UserAsync(), await server.UserAsync(), await server.UserAsync());
        var (owner, member, stranger) = (await bob.OrganizationAsync(), await bob.OrganizationAsync(), await eve.OrganizationAsync());
        await bob.DoAsync("PUT", $"/orgs/{member}/memberships/{ada.Login}", """{"role":"member"}""");
        Assert.Equal(Lines([], server), await ForAsync(server, owner, ada.Login));

        await PackageAsync(eve, stranger, "npm");
        await PackageAsync(bob, owner, "container");
        Assert.Equal(Lines([], server), await ForAsync(server, owner, ada.Login));

        await PackageAsync(bob, owner, "npm");
        await PackageAsync(bob, member, "npm");
        await ada.DoAsync("PUT", "/user/packages/npm/lib", """{"visibility":"private"}""");
        Assert.Equal(Lines([owner, member, ada.Login], server), await ForAsync(server, owner, ada.Login));

        // A prebuild gets no scope of the person, since somebody else begins with what it leaves.
        Assert.Equal(Lines([owner], server), await ForAsync(server, owner, ada.Login, prebuild: true));
    }

    [Fact]
    public async Task A_lock_file_from_before_the_registry_had_a_host_of_its_own_still_finds_its_token()
    {
        await using var server = await BerthServer.StartAsync(settings:
            ["BERTH_URL=https://berth.example.test", "BERTH_SUBDOMAINS=true", "BERTH_TRUSTED_PROXIES=127.0.0.1"]);
        Assert.Equal(
            "//npm.berth.example.test/:_authToken=the-token\n//berth.example.test/npm/:_authToken=the-token\n",
            await ForAsync(server, new Codespace(), new RepositoryFacts()));
    }

    [Fact]
    public async Task Without_an_npm_registry_npm_is_told_nothing()
    {
        await using var server = await BerthServer.StartAsync(settings: ["BERTH_NPM_REGISTRY=off"]);
        Assert.Equal("", await ForAsync(server, new Codespace(), new RepositoryFacts()));
    }

    private static string Lines(string[] scopes, BerthServer server)
    {
        var registry = server.Services.GetRequiredService<Berth.Server.Http.AddressOptions>().NpmUrl;
        return string.Concat(scopes.Order(StringComparer.Ordinal).Select(scope => $"@{scope}:registry={registry}/\n"))
            + $"{registry[registry.IndexOf("//", StringComparison.Ordinal)..]}/:_authToken=the-token\n";
    }

    private static Task PackageAsync(Person person, string organization, string type) =>
        person.DoAsync("PUT", $"/orgs/{organization}/packages/{type}/lib", """{"visibility":"private"}""");

    private static async Task<string> ForAsync(BerthServer server, string owner, string person, bool prebuild = false) =>
        await ForAsync(
            server, new Codespace { OwnerId = await IdAsync(server, person), IsPrebuild = prebuild },
            new RepositoryFacts { OwnerId = await IdAsync(server, owner) });

    private static Task<string> ForAsync(BerthServer server, Codespace codespace, RepositoryFacts repository) =>
        server.Services.GetRequiredService<NpmInside>().ForAsync(
            codespace, repository, "the-token", TestContext.Current.CancellationToken);

    private static Task<long> IdAsync(BerthServer server, string login) => server.Services.GetRequiredService<Db>().ReadAsync(
        session => session.SingleAsync<long>("select id from accounts where login = @login", new { login }),
        TestContext.Current.CancellationToken);
}
