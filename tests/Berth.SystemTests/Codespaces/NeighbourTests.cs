using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// Repositories that share an engine. What one of them pulled, built, named or stored cannot be reached by the other, in any form in which
/// a configuration can ask for it.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class NeighbourTests(SharedServer shared)
{
    private const string Devcontainer = ".devcontainer/devcontainer.json";

    [Fact]
    public async Task An_image_that_a_neighbour_pulled_or_built_is_out_of_reach_in_every_form()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var (secret, common) = (await world.ImageAsync("secret"), await world.ImageAsync("common"));
        var theirs = await world.RepositoryAsync(
            "theirs", (Devcontainer, """{"build":{"dockerfile":"Dockerfile"}}"""),
            (".devcontainer/Dockerfile", $"FROM {secret}\nRUN echo private > /private\n"));
        await world.GrantAsync("secret", theirs);
        var built = (await world.CreateAsync(theirs)).Is("Available");
        var docker = new Command("docker");
        var image = (await docker.RunAsync(
            "inspect", "--format", "{{.Config.Image}}", Assert.Single(await world.ContainersAsync(built.Name)))).Line;
        var id = (await docker.RunAsync("image", "inspect", "--format", "{{.Id}}", image)).Line;
        var digest = (await new Command(
            "skopeo", "inspect", "--tls-verify=false", "--creds", "admin:" + ServerProcess.AdminToken, "--format", "{{.Digest}}")
            .RunAsync("docker://" + secret)).Line;
        var pinned = $"{secret[..secret.LastIndexOf(':')]}@{digest}";

        // The engine itself checks no rights. A name is enough to get what it stands for.
        foreach (var name in new[] { pinned, image, id })
        {
            await docker.RunAsync("run", "--rm", "--network", "none", name, "true");
        }

        var ours = await world.RepositoryAsync("ours", ("README.md", "x"));
        await world.GrantAsync("common", ours);
        foreach (var (form, configuration, file, text, reason) in new (string, string, string, string, string)[]
        {
            ("its tag", $$"""{"image":"{{secret}}"}""", "", "", "refuses the image"),
            ("its digest", $$"""{"image":"{{pinned}}"}""", "", "", "refuses the image"),
            ("its id", $$"""{"image":"{{id}}"}""", "", "", "is an image id"),
            ("a part of its id", $$"""{"image":"{{id["sha256:".Length..][..12]}}"}""", "", "", "is an image id"),
            ("the name of what was built", $$"""{"image":"{{image}}"}""", "", "", "berth.invalid is no registry"),
            ("FROM its tag", Build(), "Dockerfile", $"FROM {secret}\n", "refuses the image"),
            ("FROM its digest", Build(), "Dockerfile", $"FROM {pinned}\n", "refuses the image"),
            ("FROM its id", Build(), "Dockerfile", $"FROM {id}\n", "is an image id"),
            ("FROM what was built", Build(), "Dockerfile", $"FROM {image}\n", "berth.invalid is no registry"),
            ("FROM a variable", Build($$""","args":{"BASE":"{{pinned}}"}"""), "Dockerfile", "ARG BASE\nFROM $BASE\n", "refuses the image"),
            (
                "COPY --from its digest", Build(), "Dockerfile", $"FROM {common}\nCOPY --from={pinned} /etc/passwd /stolen\n",
                "refuses the image"),
            ("COPY --from its id", Build(), "Dockerfile", $"FROM {common}\nCOPY --from={id} /etc/passwd /stolen\n", "is an image id"),
            (
                "COPY --from what was built", Build(), "Dockerfile", $"FROM {common}\nCOPY --from={image} /private /stolen\n",
                "berth.invalid is no registry"),
            (
                "a service", """{"dockerComposeFile":"compose.yml","service":"app"}""", "compose.yml",
                $"services:\n  app: {{ image: \"{common}\" }}\n  db: {{ image: \"{pinned}\" }}\n", "refuses the image"),
            (
                "a service's id", """{"dockerComposeFile":"compose.yml","service":"app"}""", "compose.yml",
                $"services:\n  app: {{ image: \"{id}\" }}\n", "is an image id"),
        })
        {
            await world.CommitAsync("ours", (Devcontainer, configuration), (".devcontainer/" + (file.Length == 0 ? "none" : file), text));
            var refused = await world.CreateAsync(ours);
            Assert.True(refused.State == "Failed", $"{form} works:\n{refused.Log}");
            Assert.True(refused.Failure!.Contains(reason, StringComparison.Ordinal), $"{form}: {refused.Failure}");
            Assert.Empty(await world.ContainersAsync(refused.Name));
            await world.DeleteAsync(refused.Name);
        }
    }

    [Fact]
    public async Task A_neighbours_layers_are_not_taken_for_the_same_lines()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var common = await world.ImageAsync("common");

        // By the engine's cache, anybody with another's Dockerfile would have what it made there, such as a downloaded model or a token
        // that a line fetched.
        using var folder = new TemporaryFolder();
        var mark = Accounts.Unique("mark");
        var dockerfile = $"FROM {common}\nRUN echo {mark}; cat /proc/sys/kernel/random/uuid > /made\n";
        (string, string)[] files = [(Devcontainer, Build()), (".devcontainer/Dockerfile", dockerfile)];
        var (theirs, ours) = (await world.RepositoryAsync("theirs", files), await world.RepositoryAsync("ours", files));
        await world.GrantAsync("common", theirs);
        await world.GrantAsync("common", ours);
        var first = (await world.CreateAsync(theirs)).Is("Available");
        var second = (await world.CreateAsync(ours)).Is("Available");
        Assert.NotEqual((await world.ExecAsync(first.Name, "cat /made")).Output, (await world.ExecAsync(second.Name, "cat /made")).Output);

        var pinned = (await new Command("docker")
            .RunAsync("images", "--digests", "--format", "{{.Repository}}@{{.Digest}}", common[..common.LastIndexOf(':')])).Text.Split(
            '\n')[
            0];
        await File.WriteAllTextAsync(
            folder["Dockerfile"], dockerfile.Replace(common, pinned, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var docker = new Command("docker");
        docker.Environment["DOCKER_BUILDKIT"] = "0";
        string[] names = [$"hostile.invalid/{mark}/one", $"hostile.invalid/{mark}/two"];
        var made = new List<string>();
        foreach (var name in names)
        {
            await docker.RunAsync("build", "--network", "none", "--tag", name, folder.Path);
            made.Add((await docker.RunAsync("run", "--rm", "--network", "none", name, "cat", "/made")).Line);
        }

        await docker.TryAsync(null, ["rmi", "--force", .. names]);
        Assert.Equal(made[0], made[1]);
    }

    [Fact]
    public async Task Names_that_collide_name_different_things()
    {
        // Two organizations have a repository app, whose services, volumes and folders have the same names. By names alone, the second
        // one's tools found the first one's containers and reported success.
        await using var one = await CodespaceWorld.CreateAsync(shared.Process);
        await using var two = await CodespaceWorld.CreateAsync(shared.Process);
        var started = new List<(CodespaceWorld World, Started Codespace)>();
        foreach (var world in new[] { one, two })
        {
            var image = await world.ImageAsync("dev");
            var repository = await world.RepositoryAsync(
                "app", (Devcontainer, """{"dockerComposeFile":"compose.yml","service":"app","workspaceFolder":"/workspace"}"""),
                (".devcontainer/compose.yml", $$"""
                    name: app
                    services:
                      app: { image: "{{image}}", container_name: app, hostname: app, command: sleep 100000, init: true, volumes: ["..:/workspace", "data:/data"] }
                      db: { image: "{{image}}", container_name: db, command: ["sh", "-c", "hostname > /data/db; sleep 100000"], init: true, volumes: ["data:/data"] }
                    volumes: { data: { name: data } }
                    networks: { default: { name: app_default } }
                    """));
            await world.GrantAsync("dev", repository);
            started.Add((world, (await world.CreateAsync(repository)).Is("Available")));
        }

        Assert.Empty(
            (await one.ContainersAsync(started[0].Codespace.Name)).Intersect(await two.ContainersAsync(started[1].Codespace.Name)));
        foreach (var (world, codespace) in started)
        {
            Assert.Equal(2, (await world.ContainersAsync(codespace.Name)).Length);
            Assert.Equal(
                0,
                (await world.ExecAsync(
                    codespace.Name, $"echo {codespace.Name} >> /data/who; echo {codespace.Name} >> /workspace/who")).ExitCode);
        }

        foreach (var (world, codespace) in started)
        {
            Assert.Equal(
                $"{codespace.Name}\n{codespace.Name}\n", (await world.ExecAsync(codespace.Name, "cat /data/who /workspace/who")).Output);
            await world.DeleteAsync(codespace.Name);
        }

        var volumes = (await new Command("docker").RunAsync("volume", "ls", "--quiet")).Text;
        Assert.All(started, entry => Assert.DoesNotContain(entry.Codespace.Name, volumes, StringComparison.Ordinal));
    }

    private static string Build(string more = "") =>
        """{"build":{"dockerfile":"Dockerfile"MORE}}""".Replace("MORE", more, StringComparison.Ordinal);
}
