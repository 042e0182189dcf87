using System.Text.Json;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Clients;

/// <summary>Clients and codespaces with isolated subdomains and a wildcard certificate.</summary>
public sealed class SubdomainTests(IsolatedServer isolated) : IClassFixture<IsolatedServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private ServerProcess Server => isolated.Server;

    [Fact]
    public async Task Docker_pushes_and_pulls_at_the_host_of_containers_alone()
    {
        var ada = await Server.UserAsync("ada");
        var docker = isolated.Engine.Docker;
        docker.Environment["DOCKER_CONFIG"] = _folder.Create("docker");
        await docker.RunWithInputAsync(ada.Token, "login", Server.Images, "-u", ada.Login, "--password-stdin");
        var name = $"{Server.Images}/{ada.Login}/tools/app:1";
        await docker.RunAsync("import", await BaseImage.ArchiveAsync(), name);
        await docker.RunAsync("push", name);
        await docker.RunAsync("rmi", "--force", name);
        await docker.RunAsync("pull", "--quiet", name);
        Assert.Equal("hello", (await docker.RunAsync("run", "--rm", "--network", "none", name, "echo", "hello")).Line);

        var elsewhere = $"{Server.Host}/{ada.Login}/tools/app:1";
        await isolated.TrustAsync(Server.Host);
        await docker.RunAsync("tag", name, elsewhere);
        Assert.NotEqual(0, (await docker.TryAsync(ada.Token, "login", Server.Host, "-u", ada.Login, "--password-stdin")).ExitCode);
        var refused = await docker.RefusedAsync("push", elsewhere);
        Assert.Contains($"it is served by https://{Server.Images}", refused.Error, StringComparison.Ordinal);
        await docker.RefusedAsync("pull", elsewhere);
    }

    [Fact]
    public async Task Skopeo_and_podman_push_and_pull_at_the_host_of_containers_alone()
    {
        var ada = await Server.UserAsync("ada");
        var trust = $"--cert-dir={isolated.CertificateFolder}";
        var auth = $"--authfile={_folder["auth.json"]}";
        var skopeo = Server.Program("skopeo");
        await skopeo.RunWithInputAsync(ada.Token, "login", trust, auth, "-u", ada.Login, "--password-stdin", Server.Images);
        var layout = "oci:" + await BaseImage.LayoutAsync() + ":latest";
        var name = $"docker://{Server.Images}/{ada.Login}/app:1";
        await skopeo.RunAsync("copy", $"--dest-cert-dir={isolated.CertificateFolder}", auth, layout, name);
        var digest = (await skopeo.RunAsync("inspect", "--format", "{{.Digest}}", layout)).Line;
        Assert.Equal(digest, (await skopeo.RunAsync("inspect", trust, auth, "--format", "{{.Digest}}", name)).Line);
        await skopeo.RefusedAsync("list-tags", trust, auth, $"docker://{Server.Host}/{ada.Login}/app");

        Requirement.Program("podman");
        var podman = Server.Program(
            "podman", "--root", _folder.Create("storage"), "--runroot", _folder.Create("run"), "--storage-driver", "vfs",
            "--cgroup-manager", "cgroupfs");
        await podman.RunAsync("pull", "--quiet", trust, auth, name["docker://".Length..]);
    }

    [Fact]
    public async Task Gh_and_curl_reach_the_API_under_the_host_itself()
    {
        var ada = await Server.UserAsync("ada");
        Requirement.Program("gh");
        var gh = Server.Program("gh");
        foreach (var (name, value) in new[]
        {
            ("GH_CONFIG_DIR", _folder.Create("gh")), ("GH_HOST", Server.Host), ("GH_ENTERPRISE_TOKEN", ada.Token),
            ("SSL_CERT_FILE", isolated.Certificate),
        })
        {
            gh.Environment[name] = value;
        }

        Assert.Equal(ada.Login, (await gh.RunAsync("api", "user", "--jq", ".login")).Line);

        // This client is outside of the namespace with the names, like somebody without DNS.
        async Task<string> Curl(string host, string path) => (await new Command("curl").RunAsync(
            "--silent", "--cacert", isolated.Certificate, "--resolve", $"{host}:{Server.Url.Port}:127.0.0.1", "--oauth2-bearer", ada.Token,
            "--write-out", " %{http_code}", $"https://{host}:{Server.Url.Port}{path}")).Text;
        Assert.EndsWith(" 200", await Curl(IsolatedServer.Name, "/api/v3/user"), StringComparison.Ordinal);
        Assert.EndsWith(" 404", await Curl("containers." + IsolatedServer.Name, "/api/v3/user"), StringComparison.Ordinal);
        Assert.EndsWith(" 404", await Curl("other." + IsolatedServer.Name, "/api/v3/user"), StringComparison.Ordinal);
        Assert.EndsWith(" 200", await Curl("other." + IsolatedServer.Name, "/readyz"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_codespace_starts_on_an_image_of_the_host_of_containers()
    {
        await using var world = await CodespaceWorld.CreateAsync(Server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        var refused = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(image, refused.Failure, StringComparison.Ordinal);
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says($"allows {image}");

        // The variables and files in the codespace name the right hosts.
        var (output, code) = await world.ExecAsync(started.Name, "echo $BERTH_URL $GITHUB_API_URL; cat $DOCKER_CONFIG/config.json");
        Assert.Equal(0, code);
        var lines = output.Split('\n', 2);
        Assert.Equal($"https://{Server.Host} https://{Server.Host}/api/v3", lines[0]);
        Assert.Equal(
            [Server.Images],
            JsonSerializer.Deserialize<JsonElement>(lines[1]).GetProperty("auths").EnumerateObject().Select(login => login.Name));
    }

    [Fact]
    public async Task Npm_publishes_and_installs_at_its_own_host_and_by_lock_files_of_before_there_was_one()
    {
        var ada = await Server.UserAsync("ada");
        var npm = Npm("ada", ada.Login, ada.Token);
        var lib = $"@{ada.Login}/lib";
        Assert.StartsWith($"https://npm.{Server.Host}/", npm.Registry, StringComparison.Ordinal);
        await npm.PublishAsync(lib, "1.0.0");
        var app = npm.Project();
        await npm.NpmAsync(app, "install", lib);
        Assert.Equal("here", await npm.RequireAsync(app, lib));
        var file = Path.Combine(app, "package-lock.json");
        var locked = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains($"\"resolved\": \"{npm.Registry}{lib}/-/lib-1.0.0.tgz\"", locked, StringComparison.Ordinal);

        // The other address serves the same bytes for the same token.
        using var raw = new RawNpm(ada);
        var tarball = await raw.TarballAsync(lib, "1.0.0", TestContext.Current.CancellationToken);
        Assert.NotNull(tarball);
        var before = new Uri(Server.Url, "npm/");
        Assert.Equal(
            tarball, await raw.GetAsync(new Uri(before, $"{lib}/-/lib-1.0.0.tgz"), TestContext.Current.CancellationToken));

        await File.WriteAllTextAsync(file, Before(locked), TestContext.Current.CancellationToken);
        Directory.Delete(npm.Cache, recursive: true);
        Assert.Contains("E401", (await npm.RefusedAsync(app, "ci")).All, StringComparison.Ordinal);
        await File.AppendAllTextAsync(
            npm.UserSettings, NpmClient.LoginAt(before, ada.Token), TestContext.Current.CancellationToken);
        await npm.NpmAsync(app, "ci");
        Assert.Equal("here", await npm.RequireAsync(app, lib));
    }

    /// <summary>
    /// The names cannot be resolved inside a codespace of this test, so npm installs outside, with the files that it has inside.
    /// </summary>
    [Fact]
    public async Task Npm_in_a_codespace_is_sent_to_its_own_host_and_signs_in_by_lock_files_of_before_there_was_one()
    {
        await using var world = await CodespaceWorld.CreateAsync(Server);
        var outside = Npm("outside", world.Organization, ServerProcess.AdminToken);
        var lib = $"@{world.Organization}/lib";
        await outside.PublishAsync(lib, "1.0.0");
        var app = outside.Project();
        await outside.NpmAsync(app, "install", lib);
        var image = await world.ImageAsync("dev", await NodeLayer.CreateAsync());
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        await world.PutAsync($"/api/v3/orgs/{world.Organization}/packages/npm/lib/access/codespaces/{repository}", new { });
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        var told = await world.ExecAsync(name, $"{NodeLayer.Npm} config get @{world.Organization}:registry --no-update-notifier");
        Assert.Equal(outside.Registry + "\n", told.Output);

        var inside = Npm("inside", world.Organization, token: null);
        var settings = (await world.ExecAsync(name, "cat $NPM_CONFIG_GLOBALCONFIG")).Output;
        await File.WriteAllTextAsync(inside.UserSettings, settings, TestContext.Current.CancellationToken);
        var file = Path.Combine(app, "package-lock.json");
        var locked = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        foreach (var each in new[] { locked, Before(locked) })
        {
            await File.WriteAllTextAsync(file, each, TestContext.Current.CancellationToken);
            await inside.NpmAsync(app, "ci");
            Assert.Equal("here", await inside.RequireAsync(app, lib));
            Directory.Delete(inside.Cache, recursive: true);
        }
    }

    public void Dispose() => _folder.Dispose();

    private NpmClient Npm(string name, string scope, string? token) =>
        new(_folder, Server, name, scope, token) { Authority = isolated.Certificate };

    /// <summary>The lock file as it was when the registry was below the server's own address.</summary>
    private string Before(string locked) =>
        locked.Replace(Server.Npm.AbsoluteUri, new Uri(Server.Url, "npm/").AbsoluteUri, StringComparison.Ordinal);
}
