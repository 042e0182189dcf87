using System.Net;
using System.Net.Sockets;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Connections;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>
/// A server with a scripted engine and a scripted git. Everything between them is real. It has ada, one of her repositories, and an image
/// in its registry.
/// </summary>
internal sealed class ScriptedWorld : IAsyncDisposable
{
    private static readonly string[] NeededPrograms =
    [
        "git", "bwrap", "setpriv", "prlimit", "choom", "mkfs.ext4", "mount", "umount", "nft", "chown",
    ];

    private readonly DirectoryInfo _programs;
    private TaskCompletionSource _held = new();

    private ScriptedWorld(
        BerthServer server, ScriptedContainers engine, ScriptedSandbox sandbox, Person ada, string repository, DirectoryInfo programs)
    {
        (Server, Engine, Sandbox, Ada, Repository, _programs) = (server, engine, sandbox, ada, repository, programs);
    }

    public BerthServer Server { get; }

    public ScriptedContainers Engine { get; }

    public ScriptedSandbox Sandbox { get; }

    public Person Ada { get; }

    public string Repository { get; }

    /// <summary>The folder in which the server looks for programs.</summary>
    public string Programs => _programs.FullName;

    /// <summary>The image that the codespace may have, as a configuration names it.</summary>
    public string Image => $"{Server.Host}/{Ada.Login}/dev";

    public string Host => Server.Services.GetRequiredService<CodespaceHost>().Name;

    public Reconciler Reconciler => Server.Services.GetRequiredService<Reconciler>();

    public Db Db => Server.Services.GetRequiredService<Db>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ScriptedWorld> CreateAsync(params string[] settings)
    {
        var programs = Directory.CreateTempSubdirectory("berth-programs-");
        foreach (var program in NeededPrograms)
        {
            File.CreateSymbolicLink(Path.Combine(programs.FullName, program), "/bin/true");
        }

        File.CreateSymbolicLink(Path.Combine(programs.FullName, "cp"), "/bin/cp");
        var engine = new ScriptedContainers();
        var sandbox = new ScriptedSandbox();
        var server = await BerthServer.StartAsync(
            builder =>
            {
                builder.Services.Replace(ServiceDescriptor.Singleton<IContainerEngine>(engine));
                builder.Services.Replace(ServiceDescriptor.Singleton<ISandbox>(sandbox));
                builder.Services.Replace(ServiceDescriptor.Singleton<PortConnector>(ConnectAsync));
            },
            manualClock: true,
            [
                $"PATH={programs.FullName}", "BERTH_WORKSPACES=folder", "BERTH_ALLOW_FILE_CLONE=true",
                "BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock", "Logging:LogLevel:Berth.Server.Codespaces=Error", .. settings,
            ]);
        var ada = await server.UserAsync();
        var repository = await ada.RepositoryAsync(ada.Login);
        await ada.DoAsync("PUT", "/user/packages/container/dev", """{"visibility":"public"}""");
        await ada.PushAsync($"{ada.Login}/dev");
        var world = new ScriptedWorld(server, engine, sandbox, ada, repository, programs);
        world.Reset();

        // Only site administrators may name a folder of this machine.
        await world.ExecuteAsync("update repositories set clone_url = 'file:///nonexistent/app'", new { });
        return world;
    }

    /// <summary>Restores a state in which nothing fails.</summary>
    public void Reset()
    {
        Release();
        Engine.Away = null;
        Engine.DropImages();
        (Sandbox.GitFails, Sandbox.Missing) = (null, null);
        (Engine.Processes, Engine.Started) = (ScriptedProcess.Of, container => container);
        Engine.ForgetCommands();
        Engine.ImageLabels = new Dictionary<string, string>();
        (Engine.ImageVolumes, Engine.ImageBytes) = ([], 0);
        Sandbox.Files.Clear();
        Sandbox.Submodules.Clear();
        Sandbox.CheckedOut.Clear();
        Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{Image}}" }""";
    }

    /// <summary>Asks for a codespace and does not wait.</summary>
    public async Task<string> BeginAsync() => (await Ada.DoAsync("POST", $"/repos/{Repository}/codespaces", "{}"))["name"].GetString()!;

    /// <summary>Asks for a codespace and waits until people can work in it, or it has failed.</summary>
    public async Task<string> CreateAsync()
    {
        var name = await BeginAsync();
        await LogAsync(name, "available");
        return name;
    }

    /// <summary>Starts the codespace again and waits in the same way.</summary>
    public async Task StartAsync(string name)
    {
        await Ada.DoAsync("POST", $"/user/codespaces/{name}/start");
        await LogAsync(name, "available");
    }

    public Task StopAsync(string name) => Ada.DoAsync("POST", $"/user/codespaces/{name}/stop");

    /// <summary>The log, to the end of what is followed.</summary>
    public async Task<string> LogAsync(string name, string follow = "true") =>
        (await Ada.GetAsync($"/user/codespaces/{name}/creation-log?follow={follow}")).Body;

    /// <summary>The log as it is now.</summary>
    public async Task<string> LogNowAsync(string name) => (await Ada.GetAsync($"/user/codespaces/{name}/creation-log")).Body;

    public async Task<Codespace?> RowAsync(string name) =>
        await Db.ReadAsync(session => CodespaceTable.FindAsync(session, name), Cancel);

    public async Task<string> StateAsync(string name) => (await RowAsync(name))?.State ?? "gone";

    public async Task<string> FailureAsync(string name)
    {
        var row = (await RowAsync(name))!;
        Assert.True(row.State == CodespaceState.Failed, $"{row.State}: {await LogNowAsync(name)}");
        return row.Failure!;
    }

    public async Task AvailableAsync(string name)
    {
        var state = await StateAsync(name);
        Assert.True(state == CodespaceState.Available, $"{state}: {await LogNowAsync(name)}");
    }

    public async Task<EngineContainer> ContainerAsync(string name)
    {
        var id = (await RowAsync(name))!.ContainerId;
        return Engine.Containers.Single(container => container.Id == id);
    }

    /// <summary>Waits for a state, and reconciles meanwhile as the server does every few seconds.</summary>
    public async Task UntilAsync(string name, string state)
    {
        for (var begin = TimeProvider.System.GetTimestamp();
            await StateAsync(name) is var now && now != state;
            await Task.Delay(10, Cancel))
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(30),
                $"{name} is {now}, not {state}: {await LogNowAsync(name)}");
            await Reconciler.RunOnceAsync(Cancel);
        }
    }

    /// <summary>
    /// Makes a call of the engine, or "clone", wait from now on. The returned task ends when the first such call is made.
    /// </summary>
    public Task Hold(string call)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = _held.Task;
        Task WaitAsync(string name, CancellationToken cancellationToken)
        {
            if (name != call)
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return held.WaitAsync(cancellationToken);
        }

        Engine.On(WaitAsync);
        Sandbox.Before = WaitAsync;
        return reached.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    /// <summary>Lets the held calls go on.</summary>
    public void Release()
    {
        Engine.Heal();
        Sandbox.Before = (_, _) => Task.CompletedTask;
        _held.TrySetResult();
    }

    /// <summary>Reconciles once, and waits until what that begins has made this call.</summary>
    public async Task LookAsync(string call)
    {
        var before = Engine.Calls.Count(made => made == call);
        await Reconciler.RunOnceAsync(Cancel);
        while (Engine.Calls.Count(made => made == call) == before)
        {
            await Task.Delay(10, Cancel);
        }
    }

    /// <summary>
    /// Waits until nothing of the codespace runs on the engine, and reconciles meanwhile as the server does. Its row may still be
    /// ShuttingDown then. To start it again, a test waits for Shutdown.
    /// </summary>
    public async Task UntilStoppedAsync(string name)
    {
        for (var begin = TimeProvider.System.GetTimestamp(); (await ContainerAsync(name)).Running; await Task.Delay(10, Cancel))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(30), $"{name} runs: {await LogNowAsync(name)}");
            await Reconciler.RunOnceAsync(Cancel);
        }
    }

    /// <summary>Leaves the codespace in the state that the deletion of its repository leaves it in.</summary>
    public Task ForgetRepositoryAsync(string name) =>
        ExecuteAsync("update codespaces set repository_id = null where name = @name", new { name });

    /// <summary>The number of the codespace's tokens.</summary>
    public async Task<long> TokensAsync(string name)
    {
        var id = (await RowAsync(name))!.Id;
        return await Db.ReadAsync(
            session => session.SingleAsync<long>("select count(*) from tokens where codespace_id = @id", new { id }), Cancel);
    }

    public Task ExecuteAsync(string sql, object parameters) => Db.WriteAsync(session => session.ExecuteAsync(sql, parameters), Cancel);

    public CodespaceFolders Folders(Codespace? codespace) => Server.Services.GetRequiredService<CodespaceHost>().Folders(codespace!);

    public async Task<Reply> ExecAsync(string name) =>
        await Ada.SendAsync("POST", $"/user/codespaces/{name}/exec", """{"command":["true"]}""");

    /// <summary>Connects to the same port of this machine, which stands for the container's.</summary>
    private static async Task<Socket> ConnectAsync(EngineContainer container, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await Server.DisposeAsync();
        _programs.Delete(recursive: true);
    }
}
