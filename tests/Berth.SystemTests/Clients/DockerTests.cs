using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Clients;

/// <summary>docker with a real engine. Every test signs in with its own configuration folder.</summary>
public sealed class DockerTests(SharedServer shared) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _images = [];

    private ServerProcess Server => shared.Process;

    [Theory]
    [InlineData("user")]
    [InlineData("organization")]
    public async Task An_image_is_built_pushed_under_two_tags_removed_and_pulled_in_every_way(string owner)
    {
        var docker = await DockerAsync();
        var ada = await Server.UserAsync("ada");
        var account = owner == "user" ? ada.Login : await ada.OrganizationAsync("acme");
        var name = $"{Server.Host}/{account}/app";
        Keep(name, name + ":2.5");

        await docker.RunWithInputAsync(ada.Token, "login", Server.Host, "-u", ada.Login, "--password-stdin");
        await docker.RunAsync("build", "-q", "-t", $"app-{account}", await ContextAsync());
        Keep($"app-{account}");
        var id = (await docker.RunAsync("images", "-q", $"app-{account}")).Line;
        Assert.NotEmpty(id);
        await docker.RunAsync("tag", id, name + ":latest");
        await docker.RunAsync("tag", id, name + ":2.5");
        await docker.RunAsync("push", name + ":latest");
        await docker.RunAsync("push", name + ":2.5");
        var digest = (await docker.RunAsync("inspect", "--format", "{{index .RepoDigests 0}}", name + ":2.5")).Line;
        Assert.StartsWith(name + "@sha256:", digest, StringComparison.Ordinal);

        string[] ways = [digest, name, name + ":2.5", name + ":latest"];
        foreach (var reference in ways)
        {
            await RemoveEverywhereAsync(docker, id);
            await docker.RunAsync("pull", "-q", reference);
            Assert.Equal("hello from berth", (await docker.RunAsync("run", "--rm", reference)).Line);
        }
    }

    [Fact]
    public async Task A_first_push_is_private_until_its_visibility_is_changed()
    {
        var docker = await DockerAsync();
        var stranger = await DockerAsync("stranger");
        var ada = await Server.UserAsync("ada");
        var name = $"{Server.Host}/{ada.Login}/private:1";
        Keep(name);
        await docker.RunWithInputAsync(ada.Token, "login", Server.Host, "-u", ada.Login, "--password-stdin");
        await docker.RunAsync("build", "-q", "-t", name, await ContextAsync());
        await docker.RunAsync("push", name);

        var refused = await stranger.RefusedAsync("pull", name);
        Assert.Matches("unauthorized|denied", refused.Error);

        using var api = ada.Api();
        using var patch = await api.PatchAsync(
            $"/api/v3/users/{ada.Login}/packages/container/private", Json("""{"visibility":"public"}"""),
            TestContext.Current.CancellationToken);
        Assert.True(patch.IsSuccessStatusCode, await patch.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await stranger.RunAsync("pull", "-q", name);
    }

    [Fact]
    public async Task A_wrong_password_does_not_log_in()
    {
        var docker = await DockerAsync();
        var output = await docker.TryAsync("not-a-token", "login", Server.Host, "-u", "ada", "--password-stdin");
        Assert.NotEqual(0, output.ExitCode);
        Assert.Contains("nauthorized", output.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_only_reads_may_pull_and_not_push()
    {
        var docker = await DockerAsync();
        var reading = await DockerAsync("reading");
        var ada = await Server.UserAsync("ada");
        var name = $"{Server.Host}/{ada.Login}/tools/app:1";
        Keep(name);
        await docker.RunWithInputAsync(ada.Token, "login", Server.Host, "-u", ada.Login, "--password-stdin");
        await docker.RunAsync("build", "-q", "-t", name, await ContextAsync());
        await docker.RunAsync("push", name);
        var token = (await Accounts.PostAsync(
            Server.Admin, $"/api/v3/admin/users/{ada.Login}/authorizations", new { scopes = ReadScopes, note = "reading" }))
                .GetProperty("token")
                .GetString()!;

        await reading.RunWithInputAsync(token, "login", Server.Host, "-u", ada.Login, "--password-stdin");
        await reading.RunAsync("pull", "-q", name);
        var refused = await reading.RefusedAsync("push", name);
        Assert.Contains("denied", refused.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (_images.Count > 0)
        {
            using var remove = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("docker", ["rmi", "-f", .. _images])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    UseShellExecute = false,
                })!;
            remove.WaitForExit();
        }

        _folder.Dispose();
    }

    private static readonly string[] ReadScopes = ["read:packages"];

    private async Task<Command> DockerAsync(string who = "docker")
    {
        Requirement.Program("docker");
        var docker = new Command("docker") { Environment = { ["DOCKER_CONFIG"] = _folder.Create(who), ["DOCKER_BUILDKIT"] = "0" } };
        Requirement.That(
            (await docker.TryAsync(null, "version", "--format", "{{.Server.Version}}")).ExitCode == 0, "no container engine answers");
        return docker;
    }

    /// <summary>Creates a folder with a Dockerfile that needs no other image.</summary>
    private async Task<string> ContextAsync()
    {
        var context = _folder.Create("context");
        File.Copy(await BaseImage.ArchiveAsync(), Path.Combine(context, "root.tar.gz"), overwrite: true);
        // Each test has a new layer, so that two tests cannot remove each other's image.
        await File.WriteAllTextAsync(Path.Combine(context, "about"), Accounts.Unique("image"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(context, "Dockerfile"),
            "FROM scratch\nADD root.tar.gz /\nCOPY about /\nCMD [\"echo\", \"hello from berth\"]\n",
            TestContext.Current.CancellationToken);
        return context;
    }

    private static async Task RemoveEverywhereAsync(Command docker, string id)
    {
        await docker.RunAsync("rmi", "-f", id);
        Assert.Empty((await docker.RunAsync("images", "-q", "--filter", $"reference={id}")).Line);
    }

    private void Keep(params string[] images) => _images.AddRange(images);

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");
}
