using System.Net;
using System.Net.Sockets;
using Berth.Server.Codespaces.Connections.Ports;
using Berth.Tests.Codespaces.Scripted;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Tests.Codespaces.Connections;

/// <summary>A program that listens in a codespace, and the browser of the codespace's creator.</summary>
public sealed class PortedProgram : IAsyncLifetime
{
    private const string Domain = "ports.example.test";
    private ScriptedWorld? _world;
    private WebApplication? _program;
    private string _codespace = "";

    public RequestDelegate Answer { get; set; } = _ => Task.CompletedTask;

    public int Port { get; private set; }

    internal ScriptedWorld World => _world ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _program = builder.Build();
        _program.UseWebSockets();
        _program.Run(http => Answer(http));
        await _program.StartAsync();
        Port = new Uri(_program.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        _world = await ScriptedWorld.CreateAsync($"BERTH_PORTS_DOMAIN={Domain}");
        _codespace = await _world.CreateAsync();
    }

    /// <summary>The address of a port in the browser.</summary>
    public Uri Url(int port, string scheme = "http") => new($"{scheme}://{_codespace}-{port}.{Domain}/");

    /// <summary>The origin of a page on a port. It has the port of Berth, as browsers write it.</summary>
    public string Origin(int port) => $"{new UriBuilder(Url(port)) { Port = World.Server.Url.Port }.Uri.GetLeftPart(UriPartial.Authority)}";

    /// <summary>The cookie that opens a port.</summary>
    public async Task<string> CookieAsync(int port) =>
        $"{PortCookie.Name}={World.Server.Services.GetRequiredService<PortCookie>().Create((await World.RowAsync(_codespace))!, port)}";

    /// <summary>Sends the requests for every host to the server. It keeps no cookies and follows no redirects.</summary>
    public HttpMessageInvoker Browser() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(World.Server.Url.Host, World.Server.Url.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    public async ValueTask DisposeAsync()
    {
        if (_world is not null)
        {
            await _world.DisposeAsync();
        }

        if (_program is not null)
        {
            await _program.DisposeAsync();
        }
    }
}
