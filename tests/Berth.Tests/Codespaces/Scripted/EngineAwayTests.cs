using System.Net;
using System.Text;
using Berth.Client;
using Berth.Client.Wire;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Connections.Ports;
using Berth.Server.Codespaces.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>While no engine answers, the server says so to every request. What people asked for waits until one answers.</summary>
public sealed class EngineAwayTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("POST", "exec", """{"command":["true"]}""")]
    [InlineData("GET", "exec", null)]
    [InlineData("GET", "forward?port=80", null)]
    [InlineData("GET", "files?path=/tmp", null)]
    [InlineData("PUT", "files?path=/tmp&name=x", "tar")]
    [InlineData("POST", "ports/80/link", "{}")]
    public async Task Every_connection_names_the_engine_also_when_the_end_of_the_container_was_seen_first(
        string method, string path, string? body)
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();

        // An engine that ends takes its containers with it, and may go on answering until they have ended. So the codespace is seen to stop
        // first, and then nobody answers.
        world.Engine.Restart();
        await world.UntilAsync(name, CodespaceState.Shutdown);
        world.Engine.Stop();
        var reply = await world.Ada.SendAsync(method, $"/user/codespaces/{name}/{path}", body);
        Assert.Equal((HttpStatusCode)422, reply.Status);
        Assert.Equal(
            "the container engine is away (no container engine answers at /scripted (Connection refused)); the codespace is Shutdown",
            reply.Message);

        // When the engine is back, the refusal is about the codespace.
        world.Engine.Restart();
        var after = await world.Ada.SendAsync(method, $"/user/codespaces/{name}/{path}", body);
        Assert.Equal(HttpStatusCode.Conflict, after.Status);
        Assert.StartsWith("the codespace is Shutdown, not Available", after.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_to_a_codespace_that_counts_as_available_names_the_engine()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        world.Engine.Away = "Connection refused";
        var reply = await world.ExecAsync(name);
        Assert.Equal((HttpStatusCode)422, reply.Status);
        Assert.StartsWith("the container engine at /scripted does not answer", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_a_browser_names_the_engine_to_whoever_had_it_open()
    {
        await using var world = await ScriptedWorld.CreateAsync("BERTH_PORTS_DOMAIN=ports.example.test");
        var name = await world.CreateAsync();
        var cookie = world.Server.Services.GetRequiredService<PortCookie>().Create((await world.RowAsync(name))!, 80);
        world.Engine.Restart();
        await world.UntilAsync(name, CodespaceState.Shutdown);
        world.Engine.Stop();
        var (status, text) = await PortAsync(world, name, cookie);
        Assert.Equal(HttpStatusCode.BadGateway, status);
        Assert.StartsWith("the container engine is away (", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await PortAsync(world, name, cookie: null)).Status);
    }

    [Fact]
    public async Task A_process_whose_engine_goes_away_ends_with_that_reason()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        var (said, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        world.Engine.Processes = _ => new ScriptedProcess("working\n", ending: new EngineException(0, "silence"), until: leave.Task);
        using var client = new BerthClient(world.Server.Url, world.Ada.Token);
        var text = new StringBuilder();
        var running = client.ExecAsync(
            name, new CodespaceExec { Command = ["work"] },
            (_, piece) =>
            {
                text.Append(Encoding.UTF8.GetString(piece.Span));
                said.TrySetResult();
                return Task.CompletedTask;
            },
            Cancel);
        await said.Task.WaitAsync(Cancel);
        world.Engine.Stop();
        leave.SetResult();
        var fault = await Assert.ThrowsAsync<BerthException>(() => running);
        Assert.Equal("working\n", text.ToString());
        Assert.Equal("the container engine went away: no container engine answers at /scripted (Connection refused)", fault.Message);
    }

    [Fact]
    public async Task A_start_fails_with_that_reason_and_works_when_the_engine_is_back()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        world.Engine.Stop();
        var name = await world.CreateAsync();
        Assert.Equal("no container engine answers at /scripted (Connection refused)", await world.FailureAsync(name));
        world.Engine.Restart();
        await world.StartAsync(name);
        await world.AvailableAsync(name);
    }

    [Theory]
    [InlineData("Pull")]
    [InlineData("CreateContainer")]
    [InlineData("Start")]
    [InlineData("Run")]
    public async Task An_engine_that_goes_away_in_the_middle_of_a_start_is_named(string step)
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var reached = world.Hold(step);
        var name = await world.BeginAsync();
        await reached;
        world.Engine.Stop();
        world.Release();
        await world.LogAsync(name, "available");
        Assert.StartsWith(
            "the container engine went away during the start: no container engine answers", await world.FailureAsync(name),
            StringComparison.Ordinal);
        world.Engine.Restart();
        await world.StartAsync(name);
        await world.AvailableAsync(name);
    }

    [Fact]
    public async Task A_stop_waits_and_says_so_once()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        world.Engine.Away = "Connection refused";
        await world.StopAsync(name);
        for (var looks = 0; looks < 3; looks++)
        {
            await world.LookAsync("Container");
        }

        Assert.Equal(CodespaceState.ShuttingDown, await world.StateAsync(name));
        world.Engine.Away = null;
        await world.UntilAsync(name, CodespaceState.Shutdown);
        Assert.Equal(2, (await world.LogNowAsync(name)).Split("waiting for the container engine").Length);
        Assert.False((await world.ContainerAsync(name)).Running);
    }

    [Fact]
    public async Task A_deletion_waits()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        world.Engine.Away = "Connection refused";
        await world.Ada.DoAsync("DELETE", $"/user/codespaces/{name}");
        await world.LookAsync("Containers");
        Assert.NotNull(await world.RowAsync(name));
        world.Engine.Away = null;
        await world.UntilAsync(name, "gone");
        Assert.Empty(world.Engine.Containers);
    }

    [Fact]
    public async Task A_codespace_that_runs_is_not_taken_for_stopped()
    {
        await using var world = await ScriptedWorld.CreateAsync();
        var name = await world.CreateAsync();
        world.Engine.Away = "Connection refused";
        await world.LookAsync("Container");
        await world.AvailableAsync(name);
        world.Engine.Away = null;
        await world.LookAsync("Container");
        Assert.Equal(HttpStatusCode.OK, (await world.ExecAsync(name)).Status);
    }

    private static async Task<(HttpStatusCode Status, string Text)> PortAsync(ScriptedWorld world, string name, string? cookie)
    {
        using var client = world.Server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Host = $"{name}-80.ports.example.test";
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", $"{PortCookie.Name}={cookie}");
        }

        using var response = await client.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}
