using System.Net;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Tests.Cli;
using Berth.Tests.Codespaces.Scripted;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces.Prebuilds;

/// <summary>Prebuilds, from their configuration to what is kept of them, on a scripted engine.</summary>
public sealed class PrebuildTests(ScriptedServer scripted) : IClassFixture<ScriptedServer>
{
    private ScriptedWorld World => scripted.World;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Configurations => $"/repos/{World.Repository}/codespaces/prebuild-configurations";

    private string Prebuilds => $"/repos/{World.Repository}/codespaces/prebuilds";

    [Fact]
    public async Task A_configuration_is_made_changed_and_deleted()
    {
        var made = await World.Ada.DoAsync(
            "POST", Configurations, """{"ref":"refs/heads/one","schedule":"every 6h","retained_versions":3}""");
        var place = $"{Configurations}/{made["id"].GetInt64()}";
        Assert.Equal("one", made["ref"].GetString());
        Assert.True(made["on_push"].GetBoolean());
        Assert.NotNull(made["next_run_at"].GetString());
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity, (await World.Ada.SendAsync("POST", Configurations, """{"ref":"one"}""")).Status);
        var changed = await World.Ada.DoAsync("PATCH", place, """{"schedule":"","on_push":false,"enabled":false}""");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, changed["schedule"].ValueKind);
        Assert.Equal(3, changed["retained_versions"].GetInt64());
        foreach (var body in new[]
        {
            """{"ref":"a..b"}""", """{"schedule":"sometimes"}""", """{"retained_versions":6}""", """{"retained_versions":0}""",
            """{"machine":"huge"}""", """{"devcontainer_path":"../x"}""",
        })
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await World.Ada.SendAsync("POST", Configurations, body)).Status);
        }

        await World.Ada.DoAsync("DELETE", place);
        Assert.Equal(HttpStatusCode.NotFound, (await World.Ada.GetAsync(place)).Status);
    }

    [Fact]
    public async Task A_prebuild_runs_what_can_be_done_ahead_and_keeps_an_image_and_a_workspace()
    {
        World.Reset();
        World.Sandbox.Files[".devcontainer.json"] =
            $$"""
            { "image": "{{World.Image}}", "onCreateCommand": "first", "updateContentCommand": "second", "postCreateCommand": "third",
              "postStartCommand": "fourth" }
            """;
        World.Engine.Processes = _ => new ScriptedProcess();
        var id = await RunAsync("kept");
        var prebuild = await World.Ada.GetAsync($"{Prebuilds}/{id}");
        Assert.True(prebuild["state"].GetString() == "ready", await LogAsync(id));
        Assert.Equal(World.Sandbox.Commit, prebuild["commit_sha"].GetString());
        Assert.Equal(["first", "second"], Ran());

        // The prebuild leaves its workspace and an image that no registry could have. Its codespace is in nobody's list.
        var row = await RowAsync(id);
        Assert.Contains(row.Image!, World.Engine.Images);
        Assert.StartsWith("berth.invalid/", row.Image, StringComparison.Ordinal);
        Assert.DoesNotContain(World.Engine.Containers, container => container.Labels.GetValueOrDefault("berth.codespace") == row.Name);
        Assert.True(File.Exists(Path.Combine(World.Folders(row).Workspace(row.ImageName), ".devcontainer.json")));
        Assert.Equal(0, await World.TokensAsync(row.Name));
        Assert.DoesNotContain(row.Name, (await World.Ada.GetAsync("/user/codespaces?per_page=100")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await World.Ada.GetAsync($"/user/codespaces/{row.Name}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await World.Ada.SendAsync("DELETE", $"/user/codespaces/{row.Name}")).Status);

        using var cli = new CliRun(World.Server, World.Ada.Token);
        Assert.Contains("ready", await cli.DoAsync($"prebuild show {World.Repository} {id}"), StringComparison.Ordinal);
        await cli.DoAsync($"prebuild rm {World.Repository} {id}");
        await World.UntilAsync(row.Name, "gone");
        Assert.DoesNotContain(row.Image!, World.Engine.Images);
        Assert.False(Directory.Exists(World.Folders(row).Root));
    }

    [Fact]
    public async Task A_codespace_begins_where_its_branchs_prebuild_ended()
    {
        var (id, made) = await MadeAsync("begun", "one");
        var name = await CreateAsync("begun");
        Assert.True(Ran() is ["third", "fourth"], await World.LogNowAsync(name));
        var row = (await World.RowAsync(name))!;
        Assert.Equal((await RowAsync(id)).Image, row.Image);
        Assert.True(File.Exists(Path.Combine(World.Folders(row).Workspace(row.ImageName), "made")), await World.LogNowAsync(name));
        Assert.True((await World.Ada.GetAsync($"/user/codespaces/{name}"))["prebuild"].GetBoolean());

        // The codespace's files are its own, and its container outlives the prebuild. A rebuild runs all commands.
        Assert.True(File.Exists(made));
        await World.Ada.DoAsync("DELETE", $"{Prebuilds}/{id}");
        await World.StopAsync(name);
        await World.UntilAsync(name, CodespaceState.Shutdown);
        await World.StartAsync(name);
        await World.AvailableAsync(name);
        World.Engine.ForgetCommands();
        await World.Ada.DoAsync("POST", $"/user/codespaces/{name}/rebuild");
        await World.LogAsync(name);
        Assert.Equal(["first", "second", "third", "fourth"], Ran());
    }

    [Fact]
    public async Task A_branch_that_has_moved_brings_its_files_up_to_date()
    {
        await MadeAsync("moved", "one");
        World.Sandbox.Commit = new string('2', 40);
        var name = await CreateAsync("moved");
        Assert.Equal(["second", "third", "fourth"], Ran());
        var row = (await World.RowAsync(name))!;
        Assert.True(File.Exists(Path.Combine(World.Folders(row).Workspace(row.ImageName), "made")), await World.LogNowAsync(name));
        Assert.False(Directory.Exists(World.Folders(row).PrebuildCheckout));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_configuration_takes_no_prebuild_and_says_so(bool moved)
    {
        var branch = moved ? "changed" : "altered";
        var (id, _) = await MadeAsync(branch, "one");
        if (moved)
        {
            World.Sandbox.Commit = new string('2', 40);
            Configure("another");
        }
        else
        {
            // The hash also changes when the tag of an image moves.
            await World.ExecuteAsync("update prebuilds set configuration_hash = 'x' where codespace_id = @id", new { id });
        }

        var name = await CreateAsync(branch);
        Assert.Equal(["first", "second", "third", "fourth"], Ran());
        Assert.Contains(
            $"the prebuild {id} is not taken: its configuration, or an image or feature that it names, has changed since",
            await World.LogNowAsync(name), StringComparison.Ordinal);
        var row = (await World.RowAsync(name))!;
        Assert.Equal(["app"], Directory.EnumerateDirectories(World.Folders(row).Workspaces).Select(_ => "app"));
        Assert.False(File.Exists(Path.Combine(World.Folders(row).Workspace(row.ImageName), "made")));
        Assert.False((await World.Ada.GetAsync($"/user/codespaces/{name}"))["prebuild"].GetBoolean());
    }

    [Fact]
    public async Task A_prebuild_that_cannot_be_copied_or_has_lost_its_image_is_left_alone()
    {
        var (id, _) = await MadeAsync("lost", "one");
        await World.Engine.RemoveImageAsync((await RowAsync(id)).Image!, Cancel);
        var name = await CreateAsync("lost");
        Assert.Contains("its image is gone from the engine", await World.LogNowAsync(name), StringComparison.Ordinal);
        Assert.Equal("first", Ran()[0]);
        CodespaceFolders.Delete(World.Folders(await RowAsync(id)).Workspaces);
        name = await CreateAsync("lost");
        Assert.Contains("no prebuild is taken: the workspace cannot be copied", await World.LogNowAsync(name), StringComparison.Ordinal);
        Assert.Equal("first", Ran()[0]);
    }

    /// <summary>Makes a prebuild of a branch, with a file in its workspace that is not git's.</summary>
    private async Task<(long Id, string Made)> MadeAsync(string branch, string marker)
    {
        World.Reset();
        World.Sandbox.Commit = new string('1', 40);
        Configure(marker);
        var id = await RunAsync(branch);
        Assert.Equal("ready", (await World.Ada.GetAsync($"{Prebuilds}/{id}"))["state"].GetString());
        var row = await RowAsync(id);
        var made = Path.Combine(World.Folders(row).Workspace(row.ImageName), "made");
        await File.WriteAllTextAsync(made, "by onCreateCommand", Cancel);
        return (id, made);
    }

    private void Configure(string marker) => World.Sandbox.Files[".devcontainer.json"] =
        $$"""
        { "image": "{{World.Image}}", "onCreateCommand": "first", "updateContentCommand": "second", "postCreateCommand": "third",
          "postStartCommand": "fourth", "containerEnv": { "MARKER": "{{marker}}" }, "waitFor": "postStartCommand" }
        """;

    private IReadOnlyList<string> Ran() => World.Engine.LastWords("first", "second", "third", "fourth");

    /// <summary>Returns the codespace's name. <see cref="Ran"/> counts from its creation on.</summary>
    private async Task<string> CreateAsync(string branch)
    {
        World.Engine.ForgetCommands();
        World.Engine.Processes = _ => new ScriptedProcess();
        var name = (await World.Ada.DoAsync("POST", $"/repos/{World.Repository}/codespaces", $$"""{"ref":"{{branch}}"}"""))["name"]
            .GetString()!;
        await World.LogAsync(name);
        await World.AvailableAsync(name);
        return name;
    }

    [Fact]
    public async Task A_command_that_fails_ends_a_prebuild_and_its_log_alone_stays()
    {
        World.Reset();
        World.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{World.Image}}", "onCreateCommand": "bad" }""";
        World.Engine.Processes = command => new ScriptedProcess("", command.Command[^1] == "bad" ? 3 : 0);
        var id = await RunAsync("bad");
        var prebuild = await World.Ada.GetAsync($"{Prebuilds}/{id}");
        Assert.Equal("failed", prebuild["state"].GetString());
        Assert.Equal("onCreateCommand from devcontainer.json failed with the exit code 3.", prebuild["failure"].GetString());
        Assert.Contains("onCreateCommand", await LogAsync(id), StringComparison.Ordinal);
        var row = await RowAsync(id);
        Assert.False(Directory.Exists(World.Folders(row).Root));
        Assert.DoesNotContain(World.Engine.Containers, container => container.Labels.GetValueOrDefault("berth.codespace") == row.Name);
    }

    [Fact]
    public async Task What_is_asked_for_meanwhile_comes_after_it_once()
    {
        World.Reset();
        var held = World.Hold("clone");
        var configuration = await ConfigureAsync("again");
        var first = await World.Ada.DoAsync("POST", $"{Configurations}/{configuration}/runs");
        await held;
        foreach (var _ in new[] { 1, 2 })
        {
            Assert.Equal(
                first["id"].GetInt64(), (await World.Ada.DoAsync("POST", $"{Configurations}/{configuration}/runs"))["id"].GetInt64());
        }

        World.Release();
        await LogAsync(first["id"].GetInt64());
        await Clock.RunOnceAsync(Cancel);
        await Clock.RunOnceAsync(Cancel);
        var all = await OfAsync(configuration);
        Assert.Equal(2, all.Count);
        await LogAsync(all[0].Id);
        await Clock.RunOnceAsync(Cancel);
        Assert.Equal(2, (await OfAsync(configuration)).Count);
    }

    [Fact]
    public async Task A_server_that_ended_at_any_line_of_the_keeping_finds_it_done_or_does_it_again()
    {
        World.Reset();
        foreach (var call in new[] { "Stop", "Commit", "Remove" })
        {
            var broken = 0;
            World.Engine.On((made, _) => made == call && Interlocked.Exchange(ref broken, 1) == 0
                ? throw new Berth.Server.Codespaces.Engine.EngineException(500, "cut off") : Task.CompletedTask);
            var configuration = await ConfigureAsync($"crash-{call}");
            var id = (await World.Ada.DoAsync("POST", $"{Configurations}/{configuration}/runs"))["id"].GetInt64();
            await World.UntilAsync((await RowAsync(id)).Name, CodespaceState.Shutdown);
            Assert.Equal(1, broken);
            Assert.Equal("ready", (await World.Ada.GetAsync($"{Prebuilds}/{id}"))["state"].GetString());
            World.Engine.Heal();
        }
    }

    [Fact]
    public async Task Only_so_many_stay_and_none_of_a_configuration_that_is_gone()
    {
        World.Reset();
        var configuration = await ConfigureAsync("many", "\"retained_versions\":1");
        List<long> ids = [];
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await World.Ada.DoAsync("POST", $"{Configurations}/{configuration}/runs"))["id"].GetInt64());
            await LogAsync(ids[^1]);
            await Clock.RunOnceAsync(Cancel);
        }

        Assert.Equal([ids[2]], (await OfAsync(configuration)).Select(prebuild => prebuild.Id));
        var name = (await RowAsync(ids[2])).Name;
        await World.Ada.DoAsync("DELETE", $"{Configurations}/{configuration}");
        await World.UntilAsync(name, "gone");
    }

    [Fact]
    public async Task A_schedule_begins_one_when_its_time_has_come()
    {
        World.Reset();
        var configuration = await ConfigureAsync("scheduled", "\"schedule\":\"every 1d\"");
        await Clock.RunOnceAsync(Cancel);
        Assert.Empty(await OfAsync(configuration));
        World.Server.Clock!.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1));
        await Clock.RunOnceAsync(Cancel);
        await Clock.RunOnceAsync(Cancel);
        var one = Assert.Single(await OfAsync(configuration));
        Assert.Equal(PrebuildCause.Schedule, one.Cause);
        await LogAsync(one.Id);
        await World.Ada.DoAsync("DELETE", $"{Configurations}/{configuration}");
    }

    private PrebuildClock Clock => World.Server.Services.GetRequiredService<PrebuildClock>();

    private async Task<long> ConfigureAsync(string branch, string more = "\"on_push\":true") =>
        (await World.Ada.DoAsync("POST", Configurations, $$"""{"ref":"{{branch}}",{{more}}}"""))["id"].GetInt64();

    private async Task<long> RunAsync(string branch)
    {
        var configuration = await ConfigureAsync(branch);
        var id = (await World.Ada.DoAsync("POST", $"{Configurations}/{configuration}/runs"))["id"].GetInt64();
        await LogAsync(id);
        return id;
    }

    /// <summary>Reads the log to its end.</summary>
    private async Task<string> LogAsync(long id) => (await World.Ada.GetAsync($"{Prebuilds}/{id}/log?follow=true")).Body;

    private Task<List<Prebuild>> OfAsync(long configuration) =>
        World.Db.ReadAsync(session => PrebuildTable.OfConfigurationAsync(session, configuration), Cancel);

    private async Task<Codespace> RowAsync(long id) =>
        (await World.Db.ReadAsync(session => CodespaceTable.FindAsync(session, id), Cancel))!;
}
