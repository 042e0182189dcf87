using System.Net;
using System.Text.Json;
using Berth.Client;
using Berth.Client.Wire;
using Berth.Tests.Codespaces.Scripted;

namespace Berth.Tests.Codespaces.Connections;

/// <summary>The folder that a process starts in. It is checked and passed on in one spelling, however the process is started.</summary>
public sealed class ProcessFolderTests(ScriptedServer scripted) : IClassFixture<ScriptedServer>
{
    [Theory]
    [Trait("Suite", "hostile")]
    [InlineData("/proc/self/fd/8")]
    [InlineData("/./proc/self/fd/8")]
    [InlineData("//proc")]
    [InlineData("/x/../sys")]
    [InlineData("../../proc/1/root")]
    [InlineData("/dev/")]
    public async Task No_process_starts_in_a_folder_of_the_kernels(string folder)
    {
        var name = await scripted.World.CreateAsync();
        var before = scripted.World.Engine.Calls.Count(call => call == "Run");
        var reply = await ExecAsync(name, folder);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.StartsWith("working_directory: processes do not start in /", reply.Message, StringComparison.Ordinal);
        using var client = new BerthClient(scripted.World.Server.Url, scripted.World.Ada.Token);
        using var process = await client.StartProcessAsync(
            name, new ProcessStart(["true"]) { WorkingDirectory = folder }, TestContext.Current.CancellationToken);
        var refused = await Assert.ThrowsAsync<BerthException>(
            () => process.ReadAsync((_, _) => Task.CompletedTask, TestContext.Current.CancellationToken));
        Assert.StartsWith("working_directory: processes do not start in /", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, scripted.World.Engine.Calls.Count(call => call == "Run"));
    }

    [Theory]
    [InlineData(null, "/workspaces/app")]
    [InlineData("", "/workspaces/app")]
    [InlineData("below/./x", "/workspaces/app/below/x")]
    [InlineData("../other", "/workspaces/other")]
    [InlineData("//tmp/", "/tmp")]
    [InlineData("/processes", "/processes")]
    public async Task Every_other_folder_reaches_the_engine_in_its_one_spelling(string? folder, string started)
    {
        var name = await scripted.World.CreateAsync();
        var seen = "";
        scripted.World.Engine.Processes = command =>
        {
            seen = command.Folder;
            return new ScriptedProcess();
        };
        Assert.Equal(HttpStatusCode.OK, (await ExecAsync(name, folder)).Status);
        Assert.Equal(started, seen);
    }

    private Task<Berth.Tests.TestServer.Reply> ExecAsync(string name, string? folder) => scripted.World.Ada.SendAsync(
        "POST", $"/user/codespaces/{name}/exec", JsonSerializer.Serialize(new { command = new[] { "true" }, working_directory = folder }));
}
