using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>npm itself in a codespace.</summary>
public sealed class NpmInsideTests(SharedServer shared)
{
    [Fact]
    public async Task It_installs_what_the_repository_may_read_and_publishes_with_a_persons_own_token()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        using var folder = new TemporaryFolder();
        var outside = new NpmClient(folder, world.Server, "outside", world.Organization, ServerProcess.AdminToken);
        var lib = $"@{world.Organization}/lib";
        await outside.PublishAsync(lib, "1.0.0");
        var project = outside.Project();
        await outside.NpmAsync(project, "install", lib);
        string Committed(string name) => File.ReadAllText(Path.Combine(project, name));

        var image = await world.ImageAsync("dev", await NodeLayer.CreateAsync());
        var ask = $"{NodeLayer.Npm} view {lib} version --no-update-notifier";
        var repository = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer.json",
                $$"""
                { "image": "{{image}}", "remoteUser": "dev", "postStartCommand": "{{ask}} > post-start.txt",
                  "onCreateCommand": "{{NodeLayer.Npm}} ci --no-audit --no-update-notifier && {{ask}} > on-create.txt" }
                """),
            ("package.json", Committed("package.json")), ("package-lock.json", Committed("package-lock.json")));
        await world.GrantAsync("dev", repository);
        await world.PutAsync($"/api/v3/orgs/{world.Organization}/packages/npm/lib/access/codespaces/{repository}", new { });
        await world.SecretAsync(repository, "MY_PUBLISH_TOKEN", world.Ada.Token);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        Assert.Equal("1.0.0\n1.0.0\n", (await world.ExecAsync(name, "cat on-create.txt post-start.txt")).Output);
        Assert.Equal("here\n", (await world.ExecAsync(name, $"node -p \"require('{lib}')\"")).Output);
        var again = await world.ExecAsync(
            name,
            $"rm -r node_modules package-lock.json && {NodeLayer.Npm} install --no-audit --no-update-notifier 2>&1 && "
                + "cat package-lock.json");
        Assert.Contains($"\"resolved\": \"{outside.Registry}{lib}/-/lib-1.0.0.tgz\"", again.Output, StringComparison.Ordinal);

        var publish = $"cd ~/own && {NodeLayer.Npm} publish --no-update-notifier 2>&1";
        var own = $$$"""{"name":"@{{{world.Ada.Login}}}/own","version":"1.0.0","publishConfig":{"registry":"{{{outside.Registry}}}"}}""";
        var refused = await world.ExecAsync(name, $"mkdir -p ~/own && echo '{own}' > ~/own/package.json && {publish}");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("a codespace's own token never publishes", refused.Output, StringComparison.Ordinal);
        Assert.Contains("write:packages", refused.Output, StringComparison.Ordinal);
        var login = NodeLayer.Npm + $" config set //{world.Server.Host}/npm/:_authToken '${{MY_PUBLISH_TOKEN}}'";
        var published = await world.ExecAsync(name, $"{login} && {publish}");
        Assert.True(published.ExitCode == 0, published.Output);
    }
}
