using System.Net;
using System.Net.Http.Json;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>git inside a codespace, and the private server from which its repository was cloned.</summary>
public sealed class GitInsideTests
{
    private const string Password = "p@ss 'w\"ord$HOME `id` \\ %20";

    [Fact]
    public async Task A_persons_own_credential_fetches_and_pushes_and_no_other_does()
    {
        await using var server = await ServerProcess.StartAsync(
            "git-inside", null, "BERTH_ALLOW_FILE_CLONE=true", "BERTH_ALLOWED_NETWORKS=127.0.0.0/8");
        await using var world = await CodespaceWorld.CreateAsync(server);
        SshClients.Require();
        using var folder = new TemporaryFolder();
        var image = await world.ImageAsync(
            "dev", await ProgramsLayer.CreateAsync(folder, ["git", "/usr/lib/git-core/git-remote-http"]));
        var root = folder.Create("repositories");
        await GitServer.CreateAsync(root, "lib", ("lib.txt", "of the library\n"), ("lib.env", "FROM_LIB=yes\n"));
        await GitServer.CreateAsync(
            root, "app",
            (".devcontainer.json",
                $$"""
                {
                  "image": "{{image}}", "remoteUser": "dev", "runArgs": ["--env-file", "lib/lib.env"],
                  "customizations": {
                    "berth": { "submodules": true },
                    "codespaces": { "repositories": { "{{world.Organization}}/more": { "permissions": { "contents": "write" } } } }
                  }
                }
                """));
        await GitServer.CreateAsync(root, "more", ("more.txt", "more\n"));
        await GitServer.AddSubmoduleAsync(root, "app", "lib", "../lib.git", "lib");
        await GitServer.CreateAsync(root, "other", ("README.md", "not of this codespace"));
        await using var remote = await GitServer.StartAsync(root, "ada", Password);
        var url = remote.Url + "/app.git";
        var repository = await RepositoryAsync(world, "app", url);
        var more = await RepositoryAsync(world, "more", remote.Url + "/more.git");
        await world.GrantAsync("dev", repository);
        await CredentialAsync(world.Api, $"/api/v3/repos/{repository}/codespaces/clone-credential");

        // Dotfiles that cannot be fetched do not make a start fail.
        using (var set = await world.Api.PutAsJsonAsync(
            "/api/v3/user/codespaces/dotfiles", new { repository = remote.Url + "/other.git" }, TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        }

        // A repository that the configuration asks for can be reached once the user allows it.
        using (var asked = await world.Api.PostAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces", new { }, TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
            Assert.Contains(
                $"asks to let its codespaces use git with {more}",
                await asked.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
                StringComparison.Ordinal);
        }

        using (var allowed = await world.Api.PutAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces/permissions", new { repositories = Array.Empty<string>(), contents = new[] { more } },
            TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        }

        // The pre-flight reads what a start reads, including files of submodules.
        var report = await Accounts.PostAsync(world.Api, $"/api/v3/repos/{repository}/codespaces/preflight", new { });
        Assert.DoesNotContain("lib", report.GetProperty("remarks").GetRawText(), StringComparison.Ordinal);

        var started = (await world.CreateAsync(repository)).Is("Available")
            .Says(
                $"cloning the submodule lib from {remote.Url}/lib.git with {world.Ada.Login}'s clone credential (user ada)",
                $"git inside signs in to {remote.Url}/lib.git with {world.Ada.Login}'s clone credential (user ada)",
                $"git inside signs in to {url} with {world.Ada.Login}'s clone credential (user ada)",
                $"dotfiles: {remote.Url}/other.git cannot be cloned");
        var name = started.Name;
        Assert.DoesNotContain(Password, started.Log, StringComparison.Ordinal);
        var clients = await SshClients.CreateAsync(world, folder, name);
        var port = new Uri(remote.Url).Port;

        // Nobody can reach the machine's own loopback from inside. ssh makes the same address available there.
        async Task<Output> GitAsync(string script) =>
            await clients.Client("ssh").TryAsync(
                null, "-R", $"{port}:127.0.0.1:{port}", name, "export GIT_TERMINAL_PROMPT=0; " + script);

        var pushed = await GitAsync("git fetch && git pull --quiet && git commit --quiet --allow-empty -m inside && git push --quiet");
        Assert.True(pushed.ExitCode == 0, pushed.All);
        var bare = new Command("git", "-c", "safe.directory=*", "-C", Path.Combine(root, "app.git"));
        Assert.Equal("inside\nsubmodule\nfirst\n", (await bare.RunAsync("log", "--format=%s", "main")).Text);

        // The submodules are in their places, and can be pushed to like the repository itself.
        Assert.Equal("of the library\n", (await world.ExecAsync(name, "cat lib/lib.txt")).Output);
        var library = await GitAsync("cd lib && git fetch && git commit -q --allow-empty -m inside && git push -q origin HEAD:main");
        Assert.True(library.ExitCode == 0, library.All);

        var further = await GitAsync(
            $"git clone -q {remote.Url}/more.git ~/more && cd ~/more && git commit -q --allow-empty -m inside && git push -q");
        Assert.True(further.ExitCode == 0, further.All);

        // No other repository of the same server can be reached, and nothing is stored where a repository could read it.
        Assert.NotEqual(0, (await GitAsync($"git ls-remote {remote.Url}/other.git")).ExitCode);
        Assert.Equal(
            "0\n*\ndrwx------\n",
            (await world.ExecAsync(
                name,
                "git config --local --list | grep -c credential; git config safe.directory; ls -ld /run/berth/git | cut -c1-10")).Output);
        // git has a name and an address from the start on, and the person's own win over them.
        Assert.Equal(
            $"{world.Ada.Login}\n{world.Ada.Login}@example.com\nmine@example.test\n",
            (await world.ExecAsync(
                name,
                "git config user.name; git config user.email; git config user.email mine@example.test "
                    + "&& git commit -q --allow-empty -m own && git log -1 --format=%ae "
                    + "&& git reset -q HEAD^ && git config --unset user.email")).Output);
        Assert.Equal(1, (await world.ExecAsync(name, "grep -r 'p@ss' .git ~ /tmp /etc 2>/dev/null")).ExitCode);
        Assert.Equal("2\n", (await world.ExecAsync(name, "grep -c . ~/.gitconfig")).Output);

        // First the organization keeps the credential out. Then it lets it in, but there is only the repository's own, which stays outside.
        using (var changed = await world.Server.Admin.PatchAsJsonAsync(
            $"/api/v3/orgs/{world.Organization}/settings/codespaces", new { git_credentials_inside = false },
            TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        }

        (await world.StopAsync(name)).Is("Shutdown");
        (await world.StartAsync(name)).Is("Available").Says("git inside does not get", "the organization's policy says so");
        Assert.NotEqual(0, (await GitAsync("git fetch")).ExitCode);
        await world.PatchAsync($"/api/v3/orgs/{world.Organization}/settings/codespaces", new { git_credentials_inside = true });
        using (var deleted = await world.Api.DeleteAsync(
            new Uri($"/api/v3/repos/{repository}/codespaces/clone-credential", UriKind.Relative), TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }

        await CredentialAsync(world.Server.Admin, $"/api/v3/repos/{repository}/clone-credential");
        (await world.StopAsync(name)).Is("Shutdown");
        (await world.StartAsync(name)).Is("Available");
        Assert.NotEqual(0, (await GitAsync("git fetch")).ExitCode);
        Assert.Equal(1, (await world.ExecAsync(name, "grep -r 'p@ss' /run/berth/git")).ExitCode);

        // The included file is named once, however often the codespace starts.
        Assert.Equal("2\n", (await world.ExecAsync(name, "grep -c . ~/.gitconfig")).Output);
    }

    private static async Task<string> RepositoryAsync(CodespaceWorld world, string name, string url)
    {
        await Accounts.PostAsync(
            world.Server.Admin, $"/api/v3/orgs/{world.Organization}/repos", new { name, visibility = "private", clone_url = url });
        await world.PutAsync($"/api/v3/repos/{world.Organization}/{name}/collaborators/{world.Ada.Login}", new { permission = "write" });
        return $"{world.Organization}/{name}";
    }

    private static async Task CredentialAsync(HttpClient client, string path)
    {
        using var stored = await client.PutAsJsonAsync(
            path, new { username = "ada", password = Password }, TestContext.Current.CancellationToken);
        Assert.True(stored.IsSuccessStatusCode, $"PUT {path} answers {(int)stored.StatusCode}");
    }
}
