using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>Commands, users and variables of a configuration, and repositories with several configurations, with the real tools.</summary>
public sealed class LifecycleTests(SharedServer shared)
{
    [Fact]
    public async Task Commands_of_every_phase_run_inside_in_their_order_and_never_on_the_server()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev", ("devcontainer.metadata", """[{ "onCreateCommand": "echo image >> /tmp/phases" }]"""));
        var outside = Path.Combine(world.FolderOf(""), "outside");
        var repository = await world.RepositoryAsync("app", (".devcontainer/devcontainer.json", $$"""
            {
              "image": "{{image}}", "remoteUser": "dev", "containerUser": "root",
              "initializeCommand": "echo ${localWorkspaceFolder} $CODESPACES > made; touch {{outside}}",
              "onCreateCommand": "echo create >> /tmp/phases",
              "updateContentCommand": ["sh", "-c", "echo 'up date' >> /tmp/phases"],
              "postCreateCommand": { "one": "echo one > /tmp/one", "two": ["sh", "-c", "echo two > /tmp/two"] },
              "postStartCommand": "echo start >> /tmp/phases",
              "postAttachCommand": "echo attach >> /tmp/phases; env > /tmp/env",
              "waitFor": "postCreateCommand",
              "containerEnv": { "IN_CONTAINER": "yes", "LOCAL": "[${localEnv:HOME}]", "DEFAULT": "${localEnv:BERTH_DATA:fallback}" },
              "remoteEnv": { "FROM_CONTAINER": "${containerEnv:IN_CONTAINER} and ${containerEnv:NOT_THERE:default}", "REMOTE_LOCAL": "[${localEnv:PATH}]", "UNSET": null },
              "secrets": { "API_KEY": { "description": "Of the service", "documentationUrl": "https://example.com/keys" } }
            }
            """));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available")
            .Says(
                "initializeCommand from devcontainer.json failed with the exit code 1. The start goes on.",
                "recommends the secret API_KEY (Of the service, https://example.com/keys)", "berth secret set API_KEY");
        Assert.False(File.Exists(outside));
        Assert.Equal("/workspaces/app true\n", (await world.ExecAsync(started.Name, "cat made; rm made")).Output);
        Assert.Single(await world.ContainersAsync(started.Name));
        Assert.Equal(
            "image\ncreate\nup date\nstart\nattach\none\ntwo\n",
            (await world.ExecAsync(started.Name, "cat /tmp/phases /tmp/one /tmp/two")).Output);
        const string Variables = "FROM_CONTAINER=yes and default\nLOCAL=[]\nREMOTE_LOCAL=[]\n";
        Assert.Equal(
            Variables + "DEFAULT=fallback\n",
            (await world.ExecAsync(
                started.Name, "grep -E '^(FROM_CONTAINER|LOCAL|REMOTE_LOCAL)=' /tmp/env | sort; grep ^DEFAULT= /tmp/env")).Output);
        Assert.Equal(
            "yes yes and default [] dev\n",
            (await world.ExecAsync(started.Name, "echo $IN_CONTAINER $FROM_CONTAINER $REMOTE_LOCAL $(id -un)")).Output);

        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available");
        Assert.Equal("start\nattach\n", (await world.ExecAsync(started.Name, "ls made 2>/dev/null; tail -n +6 /tmp/phases")).Output);
        Assert.False(File.Exists(outside));
    }

    [Fact]
    public async Task The_workspace_belongs_to_the_remote_user_whatever_its_number()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer/devcontainer.json", """{ "build": { "dockerfile": "Dockerfile" }, "remoteUser": "other" }"""),
            (
                ".devcontainer/Dockerfile",
                $"FROM {image}\nRUN echo other:x:1234:2345::/home/other:/bin/sh >> /etc/passwd && mkdir -p /home/other && chown 1234:2345 "
                    + "/home/other\n"));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        Assert.Equal(
            "other 1234 2345\n",
            (await world.ExecAsync(started.Name, "touch mine && echo $(id -un) $(stat -c '%u %g' .devcontainer)")).Output);
    }

    [Fact]
    public async Task Of_several_configurations_one_is_chosen_and_all_are_listed()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        string Configuration(string name) => $$"""{ "name": "{{name}}", "image": "{{image}}", "containerEnv": { "WHICH": "{{name}}" } }""";
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer/go/devcontainer.json", Configuration("Go")),
            (".devcontainer/python/devcontainer.json", Configuration("Python")), (".devcontainer/broken/devcontainer.json", "{"));
        await world.GrantAsync("dev", repository);

        var listed = await world.Api.GetFromJsonAsync<JsonElement>(
            $"/api/v3/repos/{repository}/codespaces/devcontainers?ref=main", TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                ".devcontainer/broken/devcontainer.json|", ".devcontainer/go/devcontainer.json|Go",
                ".devcontainer/python/devcontainer.json|Python",
            ],
            listed.GetProperty("devcontainers")
                .EnumerateArray()
                .Select(
                    one => $"{one.GetProperty("path").GetString()}|{(one.TryGetProperty("name", out var name) ? name.GetString() : "")}"));
        using var unknown = await world.Api.GetAsync(
            new Uri($"/api/v3/repos/{repository}/codespaces/devcontainers?ref=nowhere", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, unknown.StatusCode);

        (await world.CreateAsync(repository)).Is("Failed").Says("has several dev container configurations; name one as devcontainer_path");
        var chosen = (await world.CreateAsync(repository, new { devcontainer_path = ".devcontainer/python/devcontainer.json" }))
            .Is("Available");
        Assert.Equal("Python\n", (await world.ExecAsync(chosen.Name, "echo $WHICH")).Output);

        // A configuration at a usual place is the default, even if there are folders with others.
        await world.CommitAsync("app", (".devcontainer/devcontainer.json", Configuration("Usual")));
        Assert.Equal("Usual\n", (await world.ExecAsync((await world.CreateAsync(repository)).Is("Available").Name, "echo $WHICH")).Output);
    }
}
