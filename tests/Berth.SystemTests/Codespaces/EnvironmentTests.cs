using System.Net;
using System.Net.Http.Json;
using System.Text;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>What is inside a codespace: secrets, variables, files, and access to Berth itself.</summary>
public sealed class EnvironmentTests(SharedServer shared)
{
    private const string Value = "s3cret-value-of-the-tests";
    private const string Lines = "first-line-of-the-key\nsecond-line-of-the-key";

    [Fact]
    public async Task Secrets_are_in_every_process_that_Berth_starts_and_nowhere_else()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        string Write(string phase) =>
            $"{(phase == "postCreate" ? "until test -e watched; do sleep 0.1; done; " : "")}echo $CODESPACES $MY_SECRET >> {phase}.txt; "
                + $"printf '%s' \\\"$MY_KEY\\\" >> {phase}.key; test -s $DOCKER_CONFIG/config.json && echo docker >> {phase}.txt; echo "
                + "shown: $MY_SECRET";
        var phases = new[] { "onCreate", "updateContent", "postCreate", "postStart", "postAttach" };
        var commands = string.Join(", ", phases.Select(phase => $"\"{phase}Command\": \"{Write(phase)}\""));
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev", {{commands}} }"""));
        await world.GrantAsync("dev", repository);
        await world.SecretAsync(repository, "MY_SECRET", Value);
        await world.SecretAsync(repository, "MY_KEY", Lines);

        // One of the commands waits for the test, so that what the tools start is certainly seen.
        var watch = ProcessArguments.Watch("cmdline");
        var name = await world.BeginAsync(repository);
        await watch.SeenAsync("postCreate.txt");
        await File.WriteAllTextAsync(
            Path.Combine(world.Server.Data, "codespaces", name, "workspace", "app", "watched"), "", TestContext.Current.CancellationToken);
        var started = (await world.SettledAsync(name)).Is("Available").Says("shown: ********");
        var arguments = await watch.EndAsync();
        foreach (var phase in phases)
        {
            var (output, _) = await world.ExecAsync(started.Name, $"cat {phase}.txt {phase}.key");
            Assert.Equal($"true {Value}\ndocker\n{Lines}", output);
        }

        Assert.Equal(
            $"{Value} {started.Name} {repository} {world.Ada.Login} {world.Server.Url.GetLeftPart(UriPartial.Authority)}\n",
            (await world.ExecAsync(
                started.Name, "echo $MY_SECRET $CODESPACE_NAME $GITHUB_REPOSITORY $GITHUB_USER $GITHUB_SERVER_URL")).Output);
        foreach (var secret in new[]
        {
            Value,
            "first-line-of-the-key",
            "second-line-of-the-key",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(Value))[..20],
        })
        {
            Assert.DoesNotContain(secret, started.Log, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, await EngineKnowsAsync(world, started.Name), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, arguments, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_changed_secret_arrives_at_the_next_start_and_the_containers_files_stay()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer.json",
                $$"""{ "image": "{{image}}", "remoteUser": "dev", "postStartCommand": "echo $MY_SECRET >> starts.txt" }"""));
        await world.GrantAsync("dev", repository);
        await world.SecretAsync(repository, "MY_SECRET", "value-one");
        var started = (await world.CreateAsync(repository)).Is("Available");
        await world.ExecAsync(started.Name, "touch /tmp/in-the-container");
        await world.SecretAsync(repository, "MY_SECRET", "value-two");
        Assert.Equal("value-one\n", (await world.ExecAsync(started.Name, "echo $MY_SECRET")).Output);

        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available");
        Assert.Equal(
            "value-two\nvalue-one\nvalue-two\n",
            (await world.ExecAsync(started.Name, "echo $MY_SECRET; cat starts.txt; test -f /tmp/in-the-container || echo lost")).Output);
    }

    [Fact]
    public async Task Berth_answers_inside_under_its_own_name_to_the_codespaces_token_alone()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""
            { "image": "{{image}}", "remoteUser": "dev", "onCreateCommand": "wget -q -O - --header \"Authorization: Bearer $GITHUB_TOKEN\" $GITHUB_API_URL/repos/$GITHUB_REPOSITORY > repository.json" }
            """));
        await world.GrantAsync("dev", repository);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        string Ask(string path, string more = "") =>
            $"wget -q -O - {more} --header \"Authorization: Bearer $GITHUB_TOKEN\" $GITHUB_API_URL{path} 2>&1; echo";
        Assert.Contains(
            $"\"full_name\":\"{repository}\"", (await world.ExecAsync(name, "cat repository.json")).Output, StringComparison.Ordinal);
        Assert.Contains(
            "[ready]", (await world.ExecAsync(name, Ask($"/user/codespaces/{name}/creation-log"))).Output, StringComparison.Ordinal);
        Assert.Contains("403", (await world.ExecAsync(name, Ask("/user/codespaces"))).Output, StringComparison.Ordinal);
        Assert.Contains(
            "403", (await world.ExecAsync(name, Ask($"/user/codespaces/{name}/exec", "--post-data '{}'"))).Output,
            StringComparison.Ordinal);

        // A caller inside a codespace does not count as a caller on this machine.
        Assert.Contains(
            "401", (await world.ExecAsync(name, "wget -q -O - $GITHUB_SERVER_URL/metrics 2>&1")).Output, StringComparison.Ordinal);

        // Berth answers inside again after a restart of the codespace.
        (await world.StopAsync(name)).Is("Shutdown");
        (await world.StartAsync(name)).Is("Available");
        Assert.Contains("Available", (await world.ExecAsync(name, Ask($"/user/codespaces/{name}"))).Output, StringComparison.Ordinal);
        await world.ExecAsync(name, Ask($"/user/codespaces/{name}/stop", "--post-data ''"));
        (await world.SettledAsync(name)).Is("Shutdown");
    }

    [Fact]
    public async Task A_persons_own_login_inside_wins_and_outlives_a_stop()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        const string Own = """{"auths":{"HOST":{"auth":"bWU6bWluZQ=="},"registry.example":{"auth":"bWU6b3RoZXI="}}}""";
        var own = Own.Replace("HOST", world.Server.Host, StringComparison.Ordinal);
        Assert.Contains("berthc_", Decoded((await world.ExecAsync(name, "cat ~/.docker/config.json")).Output), StringComparison.Ordinal);
        Assert.Equal(0, (await world.ExecAsync(name, $"echo '{own}' > $DOCKER_CONFIG/config.json")).ExitCode);
        (await world.StopAsync(name)).Is("Shutdown");
        var again = (await world.StartAsync(name)).Is("Available");
        Assert.False(again.Log.Contains("[inside]", StringComparison.Ordinal), again.Log);
        var kept = (await world.ExecAsync(
            name,
            "cat ~/.docker/config.json; ls -ld /run/berth/docker; mount | grep /run/berth; ls -l $NPM_CONFIG_GLOBALCONFIG")).Output;
        Assert.Contains("bWU6bWluZQ==", kept, StringComparison.Ordinal);
        Assert.Contains("bWU6b3RoZXI=", kept, StringComparison.Ordinal);
        Assert.Contains("drwx------", kept, StringComparison.Ordinal);
        Assert.Contains("tmpfs on /run/berth", kept, StringComparison.Ordinal);
        Assert.Matches("-rw------- .* /run/berth/npmrc\n", kept);
    }

    [Fact]
    public async Task Skopeo_publishes_with_a_persons_own_token_and_is_refused_with_the_codespaces()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev", await SkopeoLayer.CreateAsync());
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        await world.SecretAsync(repository, "MY_PUBLISH_TOKEN", world.Ada.Token);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        var target = $"docker://{world.Server.Host}/{world.Ada.Login}/made-inside:1";

        // Reading needs no login, since the codespace's token is there.
        var pulled = await world.ExecAsync(name, $"skopeo copy --src-tls-verify=false docker://{image} dir:/tmp/image 2>&1");
        Assert.True(pulled.ExitCode == 0, pulled.Output);
        var refused = await world.ExecAsync(name, $"skopeo copy --dest-tls-verify=false dir:/tmp/image {target} 2>&1");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("403", refused.Output, StringComparison.Ordinal);

        // The answer to skopeo's first request has no body that could say more. The other answers have one.
        using var anyone = world.Server.Client((await world.ExecAsync(name, "printf %s $GITHUB_TOKEN")).Output);
        using var upload = await anyone.PostAsync(
            new Uri($"/v2/{world.Ada.Login}/made-inside/blobs/uploads/", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.Contains(
            "write:packages", await upload.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var published = await world.ExecAsync(
            name,
            $"echo $MY_PUBLISH_TOKEN | skopeo login --tls-verify=false -u ada --password-stdin {world.Server.Host} 2>&1 && skopeo copy "
                + $"--dest-tls-verify=false dir:/tmp/image {target} 2>&1");
        Assert.True(published.ExitCode == 0, published.Output);
    }

    [Fact]
    public async Task An_organization_may_keep_the_secrets_of_registries_out_of_processes()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}" }"""));
        await world.GrantAsync("dev", repository);
        await world.SecretAsync(repository, "TEAM_CONTAINER_REGISTRY_PASSWORD", Value);
        await world.SecretAsync(repository, "PATH", "/nowhere");
        var name = (await world.CreateAsync(repository)).Is("Available").Says("the secret PATH is not exported").Name;
        Assert.Equal(Value + "\n", (await world.ExecAsync(name, "echo $TEAM_CONTAINER_REGISTRY_PASSWORD")).Output);
        using var changed = await world.Server.Admin.PatchAsJsonAsync(
            $"/api/v3/orgs/{world.Organization}/settings/codespaces", new { export_registry_secrets = false },
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        await world.StopAsync(name);
        (await world.StartAsync(name)).Is("Available").Says("the organization's policy");
        Assert.Equal("\n", (await world.ExecAsync(name, "echo $TEAM_CONTAINER_REGISTRY_PASSWORD")).Output);
    }

    /// <summary>Everything that the engine tells about the codespace's container and its image.</summary>
    private static async Task<string> EngineKnowsAsync(CodespaceWorld world, string name)
    {
        var all = new StringBuilder();
        foreach (var container in await world.ContainersAsync(name))
        {
            all.Append((await new Command("docker").RunAsync("inspect", container)).Text);
            all.Append((await new Command("docker").RunAsync("logs", container)).All);
            all.Append((await new Command("docker").RunAsync("diff", container)).Text);
            var image = (await new Command("docker").RunAsync("inspect", "--format", "{{.Image}}", container)).Line;
            all.Append((await new Command("docker").RunAsync("history", "--no-trunc", image)).Text);
        }

        return all.ToString();
    }

    private static string Decoded(string configuration)
    {
        using var document = System.Text.Json.JsonDocument.Parse(configuration);
        return string.Join('\n', document.RootElement.GetProperty("auths").EnumerateObject()
            .Select(entry => Encoding.UTF8.GetString(Convert.FromBase64String(entry.Value.GetProperty("auth").GetString()!))));
    }
}
