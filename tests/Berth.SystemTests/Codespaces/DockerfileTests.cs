using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Configurations with <c>build</c>, on the real engine.</summary>
public sealed class DockerfileTests(SharedServer shared)
{
    [Fact]
    public async Task An_image_is_built_from_private_images_in_several_stages()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var (tools, image) = (await world.ImageAsync("tools"), await world.ImageAsync("dev"));
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", """
                { "build": { "dockerfile": "../docker/Dockerfile", "context": "..", "args": { "NAME": "${localWorkspaceFolderBasename}" }, "target": "dev" }, "remoteUser": "dev" }
                """),
            ("docker/Dockerfile", $$"""
                # syntax=docker/dockerfile:1
                ARG TOOLS={{tools}}
                FROM ${TOOLS} AS tools
                RUN echo from the tools > /made
                FROM {{image}} AS base
                ARG NAME=nobody
                RUN echo built for $NAME > /built
                FROM base AS dev
                COPY --from=tools /made /made
                COPY . /context
                COPY --from={{tools}} /etc/passwd /their-passwd
                RUN <<EOF
                echo one > /script
                echo two >> /script
                EOF
                FROM {{image}}-never-fetched AS other
                """),
            (".dockerignore", "secret.txt\n"), ("secret.txt", "x"), ("kept.txt", "x"));
        await world.GrantAsync("tools", repository);
        var refused = (await world.CreateAsync(repository)).Is("Failed").Says($"refuses the image {image}");
        await world.GrantAsync("dev", repository);

        var started = (await world.StartAsync(refused.Name))
            .Is("Available")
            .Says("an image built from docker/Dockerfile, stage dev", "[build] Step ");
        var (output, _) = await world.ExecAsync(
            started.Name, "cat /made /built /script; ls /context; wc -l < /their-passwd; id -un; touch mine && echo writes");
        Assert.Equal("from the tools\nbuilt for app\none\ntwo\ndocker\nkept.txt\n3\ndev\nwrites\n", output);

        // A later start asks again whether the codespace may read what its image was built from.
        (await world.StopAsync(started.Name)).Is("Shutdown");
        await world.WithdrawAsync("tools", repository);
        (await world.StartAsync(started.Name)).Is("Failed").Says($"refuses the image {tools}");

        await world.DeleteAsync(started.Name);
        Assert.Empty(await world.BuiltAsync(started.Name));
    }

    [Fact]
    public async Task Files_of_an_image_for_another_processor_can_be_copied()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageOfTwoPlatformsAsync("both");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", """{ "build": { "dockerfile": "Dockerfile" } }"""),
            (".devcontainer/Dockerfile", $$"""
                FROM --platform=arm64 {{image}} AS far
                FROM {{image}}
                RUN cp /etc/platform /near
                COPY --from=far /etc/platform /far
                """));
        await world.GrantAsync("both", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says("is fetched for linux/arm64");
        Assert.Equal("amd64\narm64\n", (await world.ExecAsync(started.Name, "cat /near /far")).Output);
        await world.DeleteAsync(started.Name);
    }

    [Fact]
    public async Task Layers_are_shared_with_builds_of_the_same_repository_and_with_no_others()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var mark = Accounts.Unique("mark");
        (string, string)[] files =
            [
                (".devcontainer.json", """{"build":{"dockerfile":"Dockerfile"}}"""),
                ("Dockerfile", $"FROM {image}\nRUN echo {mark} > /layer\n"),
            ];
        var (first, second) = (await world.RepositoryAsync("first", files), await world.RepositoryAsync("second", files));
        await world.GrantAsync("dev", first);
        await world.GrantAsync("dev", second);

        var one = (await world.CreateAsync(first)).Is("Available");
        Assert.DoesNotContain("Using cache", one.Log, StringComparison.Ordinal);
        var again = (await world.CreateAsync(first)).Is("Available").Says("Using cache");
        var other = (await world.CreateAsync(second)).Is("Available");
        Assert.DoesNotContain("Using cache", other.Log, StringComparison.Ordinal);

        // When the last codespace of a repository is deleted, the layers of its builds are removed.
        await world.DeleteAsync(one.Name);
        Assert.Equal(0, (await world.ExecAsync(again.Name, "test -s /layer")).ExitCode);
        await world.DeleteAsync(again.Name);
        await world.DeleteAsync(other.Name);
        var left = (await new Command("docker").RunAsync("images", "--all", "--quiet", "--filter", "label=berth.repository")).Text.Split(
            '\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var id in left.Distinct())
        {
            Assert.DoesNotContain(
                mark, (await new Command("docker").TryAsync(null, "history", "--no-trunc", id)).Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("FROM 0123456789ab", "Dockerfile line 1: FROM: '0123456789ab' is an image id")]
    [InlineData("FROM IMAGE\nRUN exit 7", "the build of Dockerfile failed at 'Step 3/")]
    [InlineData("FROM IMAGE\nADD http://127.0.0.1/ /x", "is not a globally routable address of another machine")]
    [InlineData("FROM IMAGE\nADD git@x.test:a.git /x", "without a key; name it by https")]
    [InlineData("FROM IMAGE\nCOPY ../../etc/shadow /x", "the build of Dockerfile failed")]
    [InlineData("FROM sha256:IDOFIMAGE", "is an image id; name the image with its registry")]
    public async Task A_build_that_may_not_be_or_fails_says_why(string dockerfile, string reason)
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", """{"dockerFile":"Dockerfile"}"""),
            (
                "Dockerfile",
                dockerfile.Replace("IDOFIMAGE", new string('a', 64), StringComparison.Ordinal)
                    .Replace("IMAGE", image, StringComparison.Ordinal)));
        await world.GrantAsync("dev", repository);
        Assert.Contains(reason, (await world.CreateAsync(repository)).Is("Failed").Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_in_the_context_shows_nothing_of_the_host()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", """{"build":{"dockerfile":"Dockerfile"}}"""),
            (
                "Dockerfile",
                $"FROM {image}\nCOPY . /context\nRUN cat /context/hostname /context/etc/hostname 2>/dev/null | head -c 0; true\n"));
        File.CreateSymbolicLink(Path.Combine(world.FolderOf("app"), "hostname"), "/etc/hostname");
        Directory.CreateSymbolicLink(Path.Combine(world.FolderOf("app"), "etc"), "/etc");
        await world.CommitAsync("app");
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        Assert.Equal(
            "/etc/hostname\n/etc\n", (await world.ExecAsync(started.Name, "readlink /context/hostname; readlink /context/etc")).Output);
    }
}
