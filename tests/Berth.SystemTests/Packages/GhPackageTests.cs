using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Packages;

/// <summary>The life of a package with <c>gh api</c>: its owner views it, shares it, explains access, deletes it and restores it.</summary>
public sealed class GhPackageTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private Person? _ada;
    private Person? _bob;
    private GhClient? _gh;
    private string _acme = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Package => $"orgs/{_acme}/packages/container/app";

    public async ValueTask InitializeAsync()
    {
        _server = await GhClient.ServerAsync(_folder, "gh-packages");
        (_ada, _bob) = (await _server.UserAsync("ada"), await _server.UserAsync("bob"));
        _acme = await _ada.OrganizationAsync("acme");
        _gh = new GhClient(_folder, _ada);
        await _gh.ApiAsync("POST", $"orgs/{_acme}/repos", "-f", "name=app", "-f", "visibility=private");
        await _gh.ApiAsync("PATCH", $"orgs/{_acme}", "-f", "default_repository_permission=none");
        await _gh.ApiAsync("PUT", $"orgs/{_acme}/memberships/{_bob.Login}", "-f", "role=member");
        using var registry = new RawRegistry(_ada, $"{_acme}/app");
        foreach (var tag in new[] { "1", "2" })
        {
            await PushAsync(registry, tag);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _folder.Dispose();
    }

    [Fact]
    public async Task Its_owner_sees_it_opens_it_and_closes_it()
    {
        Assert.Equal(["app"], await _gh!.LinesAsync($"orgs/{_acme}/packages?package_type=container", ".[].name"));
        Assert.Equal(["2", "1"], await _gh.LinesAsync($"{Package}/versions", ".[].metadata.container.tags[]"));
        var bob = new GhClient(_folder, _bob!);
        Assert.Contains("404", await bob.RefusedAsync("GET", Package), StringComparison.Ordinal);

        await _gh.ApiAsync("PATCH", Package, "-f", "visibility=internal");
        Assert.Equal(["internal"], await bob.LinesAsync(Package, ".visibility"));
        await _gh.ApiAsync("PATCH", Package, "-f", "visibility=private");
        Assert.Contains("404", await bob.RefusedAsync("GET", Package), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_takes_access_from_its_repository_and_keeps_it_without()
    {
        var bob = new GhClient(_folder, _bob!);
        await _gh!.ApiAsync("PATCH", Package, "-f", $"repository={_acme}/app");
        await _gh.ApiAsync("PUT", $"repos/{_acme}/app/collaborators/{_bob!.Login}", "-f", "permission=read");
        Assert.Contains("404", await bob.RefusedAsync("GET", Package), StringComparison.Ordinal);
        await _gh.ApiAsync("PATCH", Package, "-F", "inherit_access=true");
        Assert.Equal([$"{_acme}/app"], await bob.LinesAsync(Package, ".repository.full_name"));

        // Switching off copies what the repository gave, and puts the repository on both lists.
        await _gh.ApiAsync("PATCH", Package, "-F", "inherit_access=false");
        Assert.Equal([_bob.Login], await _gh.LinesAsync($"{Package}/access", ".users[] | select(.role == \"read\") | .name"));
        await bob.ApiAsync("GET", Package);
        await _gh.ApiAsync("DELETE", $"repos/{_acme}/app/collaborators/{_bob.Login}");
        await bob.ApiAsync("GET", Package);
    }

    [Fact]
    public async Task A_team_and_a_repository_are_let_in_and_a_refusal_is_explained()
    {
        await _gh!.ApiAsync("POST", $"orgs/{_acme}/teams", "-f", "name=core");
        await _gh.ApiAsync("PUT", $"orgs/{_acme}/teams/core/memberships/{_bob!.Login}");
        var explain = $"{Package}/access/explain?user={_bob.Login}&action=push";
        Assert.Equal(["false", "needs the role write, has none"], await _gh.LinesAsync(explain, ".allowed, .reason"));
        await _gh.ApiAsync("PUT", $"{Package}/access/teams/core", "-f", "role=write");
        Assert.Equal(["true"], await _gh.LinesAsync(explain, ".allowed"));

        await _gh.ApiAsync("POST", $"orgs/{_acme}/repos", "-f", "name=web", "-f", "visibility=private");
        var workflow = $"{Package}/access/explain?workflow={_acme}/web&action=push";
        Assert.Equal(["false"], await _gh.LinesAsync(workflow, ".allowed"));
        await _gh.ApiAsync("PUT", $"{Package}/access/actions/{_acme}/web", "-f", "role=write");
        await _gh.ApiAsync("PUT", $"{Package}/access/codespaces/{_acme}/web");
        Assert.Equal(["true"], await _gh.LinesAsync(workflow, ".allowed"));
        Assert.Equal([$"{_acme}/web", $"{_acme}/web"], await _gh.LinesAsync($"{Package}/access", ".actions[].name, .codespaces[].name"));
    }

    [Fact]
    public async Task A_version_and_the_package_go_and_come_back()
    {
        var id = (await _gh!.LinesAsync($"{Package}/versions", ".[] | select(.metadata.container.tags == [\"1\"]) | .id")).Single();
        Assert.Equal(["1"], await _gh.LinesAsync($"{Package}/versions/{id}/dependants", ".tags[]"));
        await _gh.ApiAsync("DELETE", $"{Package}/versions/{id}");
        Assert.Equal(["2"], await _gh.LinesAsync($"{Package}/versions", ".[].metadata.container.tags[]"));
        Assert.Equal([id], await _gh.LinesAsync($"{Package}/versions?state=deleted", ".[].id"));
        await _gh.ApiAsync("POST", $"{Package}/versions/{id}/restore");
        Assert.Equal(["2", "1"], await _gh.LinesAsync($"{Package}/versions", ".[].metadata.container.tags[]"));

        await _gh.ApiAsync("DELETE", Package);
        Assert.Contains("404", await _gh.RefusedAsync("GET", Package), StringComparison.Ordinal);
        await _gh.ApiAsync("POST", $"{Package}/restore");
        Assert.Equal(["2"], await _gh.LinesAsync(Package, ".version_count"));
        Assert.NotEmpty(await _gh.LinesAsync($"{Package}/tags/1/history", ".[].to"));
    }

    /// <summary>gh follows the links between pages, and asks about the caller's rate limit.</summary>
    [Fact]
    public async Task Pages_and_limits_are_what_gh_reads()
    {
        var all = await _gh!.Command("api").RunAsync($"{Package}/versions?per_page=1", "--paginate", "--jq", ".[].id");
        Assert.Equal(2, all.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(["true"], await _gh.LinesAsync("rate_limit", ".resources.core.remaining < .resources.core.limit"));
    }

    private static async Task PushAsync(RawRegistry registry, string tag)
    {
        var configuration = "{}"u8.ToArray();
        var layer = System.Text.Encoding.UTF8.GetBytes($"layer of {tag}");
        await registry.PushBlobAsync(configuration, Token);
        await registry.PushBlobAsync(layer, Token);
        await registry.PutManifestAsync(
            tag,
            RawRegistry.Manifest(
                RawRegistry.Descriptor("application/vnd.oci.image.config.v1+json", configuration),
                RawRegistry.Descriptor("application/vnd.oci.image.layer.v1.tar", layer)),
            RawRegistry.ManifestType, Token);
    }
}
