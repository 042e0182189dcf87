using System.Net.Http.Headers;
using Berth.Server;
using Berth.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Berth.Tests.TestServer;

/// <summary>
/// The whole server on a real socket, with a folder that is deleted with it. The database is SQLite, or a new PostgreSQL database if
/// <c>BERTH_TEST_DATABASE</c> names a server (<c>postgres:Host=…</c>).
/// </summary>
public sealed class BerthServer : IAsyncDisposable
{
    public const string AdminToken = "the-admin-token-of-the-tests";
    private readonly Func<WebApplication> _build;
    private readonly TestDatabase _database;
    private readonly HeldPort _port;

    private WebApplication _app;

    private BerthServer(Func<WebApplication> build, TestDatabase database, HeldPort port, string data, Uri url, ManualTimeProvider? clock)
    {
        _build = build;
        _app = build();
        _database = database;
        _port = port;
        Data = data;
        Url = url;
        Clock = clock;
    }

    public string Data { get; }

    public Uri Url { get; }

    /// <summary>HOST:PORT, as in image names.</summary>
    public string Host => Url.Authority;

    /// <summary>Null unless the server was started with a manual clock.</summary>
    public ManualTimeProvider? Clock { get; }

    /// <summary>The value of <c>BERTH_DATABASE</c>.</summary>
    public string DatabaseSetting => _database.Setting;

    public IServiceProvider Services => _app.Services;

    public static Task<BerthServer> StartAsync(bool manualClock = false, params string[] settings) =>
        StartAsync(_ => { }, manualClock, settings);

    /// <summary>Starts it with some part replaced, such as by a disk that fails.</summary>
    public static async Task<BerthServer> StartAsync(
        Action<WebApplicationBuilder> exchange, bool manualClock = false, params string[] settings)
    {
        var data = Directory.CreateTempSubdirectory("berth-test-").FullName;
        return await StartAsync(await TestDatabase.CreateAsync(data), data, exchange, manualClock, settings);
    }

    /// <summary>Starts it on an existing database and folder. Both are deleted with it.</summary>
    public static Task<BerthServer> StartOnAsync(TestDatabase database, string data) =>
        StartAsync(database, data, _ => { }, manualClock: false, []);

    private static async Task<BerthServer> StartAsync(
        TestDatabase database, string data, Action<WebApplicationBuilder> exchange, bool manualClock, string[] settings)
    {
        var clock = manualClock ? new ManualTimeProvider() : null;
        var port = new HeldPort();
        var url = new Uri($"http://127.0.0.1:{port.Number}");
        WebApplication Build() => BerthApplication.Build(
            [
                $"--BERTH_LISTEN={url.Authority}", $"--BERTH_URL={url.GetLeftPart(UriPartial.Authority)}", $"--BERTH_DATA={data}",
                $"--BERTH_DATABASE={database.Setting}", $"--BERTH_ADMIN_TOKEN={AdminToken}",

                // These tests run with or without an engine on the machine, and never use one.
                "--BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock",
                "--Logging:LogLevel:Default=Warning", "--BERTH_API_REQUESTS_PER_HOUR=1000000",
                .. settings.Select(setting => "--" + setting),
            ],
            builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Error);
                builder.Services.AddSingleton<IStartupFilter, DescribedQueries>();
                exchange(builder);
                if (clock is not null)
                {
                    builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock));
                }
            });
        var server = new BerthServer(Build, database, port, data, url, clock);
        await server.StartAsync();
        return server;
    }

    /// <summary>A client without credentials, unless a token is given, which is sent as <c>Bearer</c>.</summary>
    public HttpClient Client(string? token = null)
    {
        var sockets = new SocketsHttpHandler { AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromMinutes(1) };
        var address = Services.GetRequiredService<AddressOptions>();
        var client = new HttpClient(address.Subdomains ? new ToItsHost(address, sockets) : sockets) { BaseAddress = Url };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return client;
    }

    public HttpClient Admin() => Client(AdminToken);

    /// <summary>Stops as on SIGTERM: new requests are refused, and those in progress are finished.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <summary>Stops, and starts again with the same data. What was only in memory is gone.</summary>
    public async Task RestartAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = _build();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
        _port.Dispose();
        Directory.Delete(Data, recursive: true);
    }

    /// <summary>With subdomains, sets the host that serves the path, unless the test sets another.</summary>
    private sealed class ToItsHost(AddressOptions address, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Host ??= address.HostOf(Surface.Of(request.RequestUri!.AbsolutePath));
            return base.SendAsync(request, cancellationToken);
        }
    }

    private async Task StartAsync()
    {
        await _app.Services.GetRequiredService<Startup>().PrepareAsync(CancellationToken.None);
        await _app.StartAsync();
    }
}
