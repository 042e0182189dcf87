using System.Formats.Tar;
using System.Net;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Codespaces on the real engine.</summary>
public sealed class CodespaceTests(SharedServer shared)
{
    [Fact]
    public async Task A_codespace_of_the_right_repository_lives_on_a_private_image_with_nothing_entered()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer/devcontainer.json", $$"""
            // the team's image
            { "image": "{{image}}", "remoteUser": "dev", "postCreateCommand": "echo made by $(id -un) | tee made.txt", "remoteEnv": { "PATH": "${containerEnv:PATH}:/opt/tools" }, }
            """));
        await world.GrantAsync("dev", repository);

        var started = (await world.CreateAsync(repository))
            .Is("Available")
            .Says("is Berth's own registry", "on the package's Codespaces list", "made by dev");
        Assert.DoesNotContain("berthc_", started.Log, StringComparison.Ordinal);
        var (output, exitCode) = await world.ExecAsync(
            started.Name, "pwd; cat made.txt; case $PATH in *:/opt/tools) echo tools; esac; touch mine; exit 7");
        Assert.Equal("/workspaces/app\nmade by dev\ntools\n", output);
        Assert.Equal(7, exitCode);

        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available").Says("the container of the last start is there");
        Assert.Equal(0, (await world.ExecAsync(started.Name, "test -f mine")).ExitCode);

        using var deleted = await world.Api.DeleteAsync(
            new Uri("/api/v3/user/codespaces/" + started.Name, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        await world.UntilDeletedAsync(started.Name);
        Assert.Empty(await world.ContainersAsync(started.Name));
    }

    [Fact]
    public async Task A_repository_that_may_not_read_the_image_is_refused_and_starts_after_the_fix()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("other", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));

        var refused = (await world.CreateAsync(repository)).Is("Failed");
        foreach (var words in new[] { $"the registry {world.Server.Host} refuses the image {image}", "Remedy: ", repository })
        {
            Assert.Contains(words, refused.Failure, StringComparison.Ordinal);
            Assert.Contains(words, refused.Log, StringComparison.Ordinal);
        }

        Assert.Empty(await world.ContainersAsync(refused.Name));
        await world.GrantAsync("dev", repository);
        (await world.StartAsync(refused.Name)).Is("Available");
    }

    [Fact]
    public async Task An_image_that_lies_on_the_engine_already_is_not_used_without_asking()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var configuration = (".devcontainer.json", $$"""{"image":"{{image}}"}""");
        var (first, second) = (await world.RepositoryAsync("first", configuration), await world.RepositoryAsync("second", configuration));
        await world.GrantAsync("dev", first);
        var started = (await world.CreateAsync(first)).Is("Available");

        (await world.CreateAsync(second)).Is("Failed").Says("refuses the image");

        // A container that exists is not started either, once its repository has lost access to the image.
        (await world.StopAsync(started.Name)).Is("Shutdown");
        await world.WithdrawAsync("dev", first);
        (await world.StartAsync(started.Name)).Is("Failed").Says("refuses the image");
    }

    [Fact]
    public async Task A_fix_in_the_repository_is_found_by_the_next_start()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", $$"""{"image":"{{world.Server.Host}}/{{world.Organization}}/missing:1"}"""));
        await world.GrantAsync("dev", repository);
        var failed = (await world.CreateAsync(repository)).Is("Failed").Says("Remedy: ");
        await world.CommitAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        (await world.StartAsync(failed.Name)).Is("Available");
    }

    [Fact]
    public async Task A_command_of_the_configuration_that_fails_leaves_a_codespace_to_mend_it_in()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", $$"""{"image":"{{image}}","remoteUser":"dev","postCreateCommand":"echo no luck; exit 3"}"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository))
            .Is("Available")
            .Says("no luck", "postCreateCommand from devcontainer.json failed");
        Assert.Equal("dev\n", (await world.ExecAsync(started.Name, "id -un")).Output);
    }

    [Fact]
    public async Task An_image_that_the_engine_cannot_start_is_told_with_the_engines_reason()
    {
        using var folder = new TemporaryFolder();
        await using (var tar = new TarWriter(File.Create(folder["layer.tar"])))
        {
            // This file removes the shell of the layer below (image-spec, "Whiteouts").
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "bin/.wh.sh"), TestContext.Current.CancellationToken);
        }

        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("bare", folder["layer.tar"]);
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}" }"""));
        await world.GrantAsync("bare", repository);
        (await world.CreateAsync(repository))
            .Is("Failed")
            .Says("the container engine cannot start the dev container", "use an image that has a shell at /bin/sh");
    }

    [Fact]
    public async Task A_rebuild_takes_the_configuration_of_the_workspace_and_keeps_its_files()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var (image, other) = (await world.ImageAsync("dev"), await world.ImageAsync("next", ("version", "next")));
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}","remoteUser":"dev"}"""));
        await world.GrantAsync("dev", repository);
        await world.GrantAsync("next", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        await world.ExecAsync(started.Name, $$"""echo '{"image":"{{other}}","remoteUser":"dev"}' > .devcontainer.json; touch mine""");
        await Accounts.PostAsync(world.Api, $"/api/v3/user/codespaces/{started.Name}/rebuild", new { });
        (await world.SettledAsync(started.Name)).Is("Available").Says("image " + other);
        Assert.Equal(0, (await world.ExecAsync(started.Name, "test -f mine")).ExitCode);
    }

    [Fact]
    public async Task A_codespace_ends_when_its_creator_may_no_longer_read_the_repository()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        using var removed = await world.Server.Admin.DeleteAsync(
            new Uri($"/api/v3/repos/{repository}/collaborators/{world.Ada.Login}", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);

        await Patience.UntilAsync(async () => (await world.SettledAsync(started.Name)).State == "Failed");
        await Patience.UntilAsync(async () => await RunningAsync(world, started.Name) == 0);
        (await world.StartAsync(started.Name)).Is("Failed").Says($"{world.Ada.Login} can no longer read {repository}");

        using var deleted = await world.Server.Admin.DeleteAsync(
            new Uri($"/api/v3/repos/{repository}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        (await world.StartAsync(started.Name)).Is("Failed").Says($"{repository} was deleted");
    }

    private static async Task<int> RunningAsync(CodespaceWorld world, string name) =>
        (await new Command("docker").RunAsync("ps", "--quiet", "--filter", "label=berth.codespace=" + name)).Text.Split(
            '\n', StringSplitOptions.RemoveEmptyEntries).Length;
}
