using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Berth.SystemTests.Fixtures.Tools;
using Berth.Tests.TestServer;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>The server as operators run it: a separate process on a free port, which can be stopped, killed and started again.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    public const string AdminToken = "the-admin-token-of-the-client-tests";

    private readonly Dictionary<string, string> _settings;
    private readonly TestDatabase _database;
    private readonly string _log;
    private readonly HeldPort _port = new();
    private readonly ServerPlace _place;
    private Process? _process;

    private ServerProcess(string data, TestDatabase database, Dictionary<string, string> settings, string log, ServerPlace place)
    {
        Data = data;
        _database = database;
        _settings = settings;
        _log = log;
        _place = place;
        Url = place.Url ?? new Uri($"{(Certificate is null ? "http" : "https")}://{place.Host}:{_port.Number}");
        Admin = Client(AdminToken);
    }

    public string Data { get; }

    public Uri Url { get; }

    /// <summary>The setting for a server in this process on the same database, after this one has stopped.</summary>
    public string DatabaseSetting => _database.Setting ?? "sqlite:" + Path.Combine(Data, "berth.db");

    /// <summary>HOST:PORT, as in image names.</summary>
    public string Host => Url.Authority;

    /// <summary>The beginning of image names. With isolated subdomains it is a host of its own.</summary>
    public string Images => (HasSubdomains ? "containers." : "") + Host;

    /// <summary>The npm registry's URL. It also has its own host with isolated subdomains.</summary>
    public Uri Npm => HasSubdomains ? new Uri($"{Url.Scheme}://npm.{Host}/") : new Uri(Url, "npm/");

    /// <summary>The address at which it listens on this machine.</summary>
    public string Listens => $"{(_place.Host == "127.0.0.1" ? _place.Host : "localhost")}:{_port.Number}";

    public HttpClient Admin { get; }

    /// <param name="data">Null: a fresh folder that is deleted with the server.</param>
    /// <param name="settings">Each as NAME=VALUE.</param>
    public static Task<ServerProcess> StartAsync(string name, string? data = null, params string[] settings) =>
        StartAtAsync(new ServerPlace("localhost"), name, data, settings);

    /// <summary>Starts it under another name than localhost.</summary>
    internal static async Task<ServerProcess> StartAtAsync(ServerPlace place, string name, string? data = null, params string[] settings)
    {
        var folder = data ?? Directory.CreateTempSubdirectory("berth-server-").FullName;
        var logs = Directory.CreateDirectory(Path.Combine(TestSettings.Root, "artifacts", "client-tests")).FullName;
        var log = Path.Combine(logs, name + ".log");
        File.Delete(log);
        var server = new ServerProcess(
            folder,
            await TestDatabase.CreateAsync(data is null ? TestSettings.Database : null),
            settings.Select(setting => setting.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal),
            log, place);
        await place.Listening(server.Listens);
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        string[] program = [.. _place.Enter, "dotnet", TestSettings.ServerDll];
        var info = new ProcessStartInfo(program[0], program[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Data,
        };
        foreach (var name in info.Environment.Keys.Where(key => key.StartsWith("BERTH_", StringComparison.Ordinal)).ToArray())
        {
            info.Environment.Remove(name);
        }

        info.Environment["BERTH_LISTEN"] = Listens;
        info.Environment["BERTH_URL"] = Url.GetLeftPart(UriPartial.Authority);
        info.Environment["BERTH_DATA"] = Data;
        info.Environment["BERTH_DATABASE"] = DatabaseSetting;
        info.Environment["BERTH_ADMIN_TOKEN"] = AdminToken;
        if (TestSettings.SshServer is { } sshServer)
        {
            info.Environment["BERTH_SSH_SERVER"] = sshServer;
        }

        foreach (var (name, value) in _settings)
        {
            info.Environment[name] = value;
        }

        _process = Process.Start(info)!;
        _process.OutputDataReceived += (_, line) => Log(line.Data);
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Patience.UntilAsync(
            async () =>
            {
                Assert.False(_process.HasExited, $"the server does not start, see {_log}");
                return await IsReadyAsync();
            },
            $"the server at {Url} is ready (its log: {_log})");
    }

    /// <summary>A client program, in the namespace where the server's names can be resolved.</summary>
    internal Command Program(string name, params string[] leading) =>
        _place.Enter is [var first, .. var rest] ? new Command(first, [.. rest, name, .. leading]) : new Command(name, leading);

    /// <summary>What it has written to standard output and error since its first start.</summary>
    public string LogFile => _log;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Stops the process temporarily (SIGSTOP).</summary>
    public Task StandStillAsync() => new Command("kill").RunAsync("-STOP", _process!.Id.ToString(CultureInfo.InvariantCulture));

    public Task GoOnAsync() => new Command("kill").RunAsync("-CONT", _process!.Id.ToString(CultureInfo.InvariantCulture));

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Ends it with SIGTERM. Returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>A client that sends the token, if there is one, with every request.</summary>
    public HttpClient Client(string? token)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, MaxConnectionsPerServer = 64 };
        if (_place.Host is not ("localhost" or "127.0.0.1"))
        {
            // The test's names can only be resolved in its own namespace.
            handler.ConnectCallback = async (context, token) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync("localhost", context.DnsEndPoint.Port, token);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        if (Certificate is { } certificate)
        {
            var known = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(File.ReadAllText(certificate))
                .GetCertHashString();
            handler.SslOptions.RemoteCertificateValidationCallback = (_, seen, _, _) => seen?.GetCertHashString() == known;
        }

        var client = new HttpClient(handler)
        {
            BaseAddress = Url,
            Timeout = TimeSpan.FromMinutes(5),
        };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return client;
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            await StopAsync();
        }

        _process?.Dispose();
        Admin.Dispose();
        _port.Dispose();
        await _database.DisposeAsync();
        if (Data.Contains("berth-server-", StringComparison.Ordinal))
        {
            await HostLeftovers.RemoveAsync(Data);
            Directory.Delete(Data, recursive: true);
        }
    }

    private bool HasSubdomains => _settings.GetValueOrDefault("BERTH_SUBDOMAINS") == "true";

    /// <summary>Its own certificate, or that of the proxy before it.</summary>
    private string? Certificate => _place.Certificate ?? _settings.GetValueOrDefault("BERTH_TLS_CERT_FILE");

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Admin.GetAsync(new Uri("/readyz", UriKind.Relative));
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Log(string? line)
    {
        if (line is not null)
        {
            lock (_settings)
            {
                File.AppendAllText(_log, line + "\n");
            }
        }
    }
}

/// <summary>Where clients find a server.</summary>
/// <param name="Host">The host's name and the port on which it listens.</param>
internal sealed record ServerPlace(string Host)
{
    /// <summary>The command that starts it (<see cref="PrivateNames.Enter"/>).</summary>
    public string[] Enter { get; init; } = [];

    /// <summary>The URL at which a proxy serves it. Null: clients use its own address.</summary>
    public Uri? Url { get; init; }

    /// <summary>The proxy's certificate, as a PEM file.</summary>
    public string? Certificate { get; init; }

    /// <summary>Called with the address before the server starts.</summary>
    public Func<string, Task> Listening { get; init; } = _ => Task.CompletedTask;
}
