using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Berth.Client;
using Berth.Client.Wire;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Prebuilds with the real engine. An admin makes one, ada's codespace begins with it, and nothing of it stays.</summary>
public sealed class PrebuildTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_codespace_begins_where_a_prebuild_without_anybodys_own_ended()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer/devcontainer.json", Configuration(image)), ("README", "one\n"));
        await world.GrantAsync("dev", repository);
        await world.SecretAsync(repository, "ADAS", "adas-own-value");
        await SecretsOfAdminAsync(world, repository);
        var prebuild = await ReadyAsync(world, repository);

        var started = (await world.CreateAsync(repository)).Is("Available").Says(
            $"the prebuild {prebuild.Id} is of the commit {prebuild.Commit}, which is the branch's",
            $"going on from the prebuild {prebuild.Id}");
        Assert.Equal("create\nupdate\npost\n", (await world.ExecAsync(started.Name, "cat /tmp/phases")).Output);
        Assert.Equal("dev\ndev\n", (await world.ExecAsync(started.Name, "stat -c %U made README")).Output);
        var show = await world.Api.GetFromJsonAsync<JsonElement>($"/api/v3/user/codespaces/{started.Name}", Token);
        Assert.True(show.GetProperty("prebuild").GetBoolean());

        // The prebuild gets only the repository's secret. The codespace gets ada's as well, and neither gets the admin's.
        var ahead = (await world.ExecAsync(started.Name, "cat /tmp/env-create")).Output;
        Assert.Contains("SHARED=shared-value\n", ahead, StringComparison.Ordinal);
        Assert.DoesNotContain("ADAS=", ahead, StringComparison.Ordinal);
        Assert.DoesNotContain("ADMINS=", ahead, StringComparison.Ordinal);
        var later = (await world.ExecAsync(started.Name, "cat /tmp/env-post; env")).Output;
        Assert.Contains("ADAS=adas-own-value\n", later, StringComparison.Ordinal);
        Assert.DoesNotContain("ADMINS=", later, StringComparison.Ordinal);

        // A command of the prebuild wrote down its token, with spaces in between. The token is nowhere else, and opens nothing.
        var token = (await world.ExecAsync(started.Name, "cat /tmp/spaced")).Output.Trim().Replace(" ", "", StringComparison.Ordinal);
        Assert.StartsWith("b", token, StringComparison.Ordinal);
        // The search finds only the file that it writes itself.
        Assert.Equal(
            "/tmp/control\n", (await world.ExecAsync(
                started.Name,
                $"printf %s {token} > /tmp/control; "
                    + $"find / \\( -path /proc -o -path /sys \\) -prune -o -type f -exec grep -lF {token} {{}} + 2>/dev/null")).Output);
        Assert.NotEqual(token, (await world.ExecAsync(started.Name, "printf %s \"$GITHUB_TOKEN\"")).Output);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v3/repos/{repository}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await world.Api.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);

        // A stop and a start do not run these commands again.
        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available");
        Assert.Equal("create\nupdate\npost\n", (await world.ExecAsync(started.Name, "cat /tmp/phases")).Output);

        // A codespace that may not have the image does not get it from the prebuild either.
        await world.WithdrawAsync("dev", repository);
        var refused = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains("refuses the image", refused.Failure, StringComparison.Ordinal);

        await RemovedAsync(world, repository, prebuild.Name);
        (await world.StopAsync(started.Name)).Is("Shutdown");
        await world.GrantAsync("dev", repository);
        (await world.StartAsync(started.Name)).Is("Available");
        await world.DeleteAsync(started.Name);
        await world.DeleteAsync(refused.Name);
        Assert.Empty(await world.BuiltAsync(prebuild.Name));
    }

    [Fact]
    public async Task A_branch_that_has_moved_is_brought_up_to_date_and_another_configuration_goes_the_whole_way()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer/devcontainer.json", Configuration(image, """ "build": { "dockerfile": "Dockerfile" } """)),
            (".devcontainer/Dockerfile", $"FROM {image}\nCOPY tool /tool\n"), (".devcontainer/tool", "first\n"), ("README", "one\n"),
            ("gone", "x\n"));
        await world.GrantAsync("dev", repository);
        var prebuild = await ReadyAsync(world, repository);

        File.Delete(Path.Combine(world.FolderOf("app"), "gone"));
        await world.CommitAsync("app", ("README", "two\n"), ("new", "x\n"));
        var moved = (await world.CreateAsync(repository)).Is("Available").Says(
            "the branch has moved to", $"going on from the prebuild {prebuild.Id}");
        Assert.Equal("create\nupdate\nupdate\npost\n", (await world.ExecAsync(moved.Name, "cat /tmp/phases")).Output);
        Assert.Equal("two\nfirst\ndev\n", (await world.ExecAsync(moved.Name, "cat README /tool; stat -c %U new")).Output);
        Assert.Equal("README made new\n", (await world.ExecAsync(moved.Name, "echo *")).Output);
        var head = (await new Command("git", "-C", world.FolderOf("app")).RunAsync("rev-parse", "HEAD")).Text.Trim();
        var folder = Path.Combine(world.Server.Data, "codespaces", moved.Name, "workspace", "app");
        Assert.Equal(
            $"{head}\n{head}\n?? made\n",
            (await new Command("git", "-c", "safe.directory=*", "-C", folder).RunAsync("rev-parse", "HEAD", "origin/main")).Text
                + (await new Command("git", "-c", "safe.directory=*", "-C", folder).RunAsync("status", "--porcelain")).Text);

        // A change of a file that becomes part of the image counts like one of its Dockerfile.
        await world.CommitAsync("app", (".devcontainer/tool", "second\n"));
        var changed = (await world.CreateAsync(repository)).Is("Available").Says(
            $"the prebuild {prebuild.Id} is not taken: its configuration, or an image or feature that it names, has changed since");
        Assert.Equal("create\nupdate\npost\nsecond\n", (await world.ExecAsync(changed.Name, "cat /tmp/phases /tool")).Output);
        await world.DeleteAsync(moved.Name);
        await world.DeleteAsync(changed.Name);
        await RemovedAsync(world, repository, prebuild.Name);
        Assert.Empty(await world.BuiltAsync(prebuild.Name));
    }

    private static string Configuration(string image, string? source = null) => $$"""
        {
          {{source ?? $""" "image": "{image}" """}}, "remoteUser": "dev", "containerUser": "root",
          "onCreateCommand": { "one": "echo create >> /tmp/phases; echo x > made; env | grep -E '^(SHARED|ADAS|ADMINS)=' > /tmp/env-create || true",
                               "two": "echo $GITHUB_TOKEN | sed 's/./& /g' > /tmp/spaced" },
          "updateContentCommand": "echo update >> /tmp/phases",
          "postCreateCommand": "echo post >> /tmp/phases; env > /tmp/env-post",
          "waitFor": "postCreateCommand"
        }
        """;

    /// <summary>Stores a secret of the repository, and one of the admin, by whose right prebuilds run.</summary>
    private static async Task SecretsOfAdminAsync(CodespaceWorld world, string repository)
    {
        using var client = new BerthClient(world.Server.Url, ServerProcess.AdminToken);
        var id = (await world.Api.GetFromJsonAsync<JsonElement>($"/api/v3/repos/{repository}", Token)).GetProperty("id").GetInt64();
        var level = SecretLevel.Repository(repository);
        await client.SetSecretAsync(level, "SHARED", "shared-value", await client.SecretPublicKeyAsync(level, Token), null, null, Token);
        var own = await client.SecretPublicKeyAsync(SecretLevel.User, Token);
        await client.SetSecretAsync(SecretLevel.User, "ADMINS", "admins-own-value", own, null, [id], Token);
    }

    /// <summary>Makes a prebuild. Returns its number, its commit and the name of its folder.</summary>
    private static async Task<(long Id, string Commit, string Name)> ReadyAsync(CodespaceWorld world, string repository)
    {
        using var client = new BerthClient(world.Server.Url, ServerProcess.AdminToken);
        var configuration = await client.CreatePrebuildConfigurationAsync(repository, new NewPrebuildConfiguration(), Token);
        var folders = Directory.CreateDirectory(Path.Combine(world.Server.Data, "codespaces"));
        var before = folders.EnumerateDirectories("prebuild-*").Select(folder => folder.Name).ToHashSet();
        var begun = await client.RunPrebuildAsync(repository, configuration.Id, Token);
        List<string> log = [];
        await foreach (var line in client.PrebuildLogAsync(repository, begun.Id, follow: true, Token))
        {
            log.Add(line);
        }

        var made = await client.PrebuildAsync(repository, begun.Id, Token);
        Assert.True(made.State == "ready", $"{made.State} ({made.Failure}):\n{string.Join('\n', log)}");
        Assert.True(made.WorkspaceSizeInBytes > 0);
        var name = folders.EnumerateDirectories("prebuild-*").Single(folder => !before.Contains(folder.Name)).Name;
        Assert.Empty(await world.ContainersAsync(name));
        Assert.Single(await world.BuiltAsync(name), built => built.Contains("/prebuild:", StringComparison.Ordinal));
        return (made.Id, made.CommitSha!, name);
    }

    private static async Task RemovedAsync(CodespaceWorld world, string repository, string name)
    {
        using var client = new BerthClient(world.Server.Url, ServerProcess.AdminToken);
        foreach (var configuration in await client.PrebuildConfigurationsAsync(repository, Token))
        {
            await client.DeletePrebuildConfigurationAsync(repository, configuration.Id, Token);
        }

        await world.UntilDeletedAsync(name);
        Assert.Empty(await client.PrebuildsAsync(repository, Token));
    }
}
