using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Berth.Bench;

/// <summary>A registry's process on a free port of the loopback address, with a folder of its own.</summary>
internal abstract class ServerProcess(string folder) : IAsyncDisposable
{
    private Process? _process;

    public string Folder { get; } = folder;

    public int Port { get; } = FreePort();

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>The owner of its images, which is the first part of every repository name.</summary>
    public abstract string Owner { get; }

    protected abstract string ReadyPath { get; }

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 256, UseCookies = false })
    {
        Timeout = TimeSpan.FromMinutes(10),
    };

    protected abstract ProcessStartInfo Command();

    /// <summary>The value of the Authorization header for everything under this repository. Null when the server requires none.</summary>
    public abstract Task<string?> AuthorizationAsync(string repository, CancellationToken cancellationToken);

    /// <summary>Starts the process. Returns the seconds until it was ready.</summary>
    public virtual async Task<double> StartAsync(CancellationToken cancellationToken)
    {
        if (_process is null && Directory.Exists(Folder))
        {
            // A run that was killed leaves its data.
            Directory.Delete(Folder, recursive: true);
        }

        Directory.CreateDirectory(Folder);
        var info = Command();
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        info.UseShellExecute = false;
        var clock = Stopwatch.StartNew();
        _process = Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} does not start");
        _ = CopyLogAsync(_process);
        while (!await IsReadyAsync(cancellationToken))
        {
            if (_process.HasExited || clock.Elapsed > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException($"{info.FileName} is not ready: see {LogPath}");
            }

            await Task.Delay(5, cancellationToken);
        }

        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Ends the process with SIGTERM and waits for it.</summary>
    public async Task StopAsync()
    {
        if (_process is not { HasExited: false } process)
        {
            return;
        }

        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>The most memory that the process has used, in MB (10^6 bytes).</summary>
    public double PeakMemory()
    {
        var line = File.ReadLines($"/proc/{_process!.Id}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Http.Dispose();
        _process?.Dispose();
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private string LogPath => Folder + ".log";

    private async Task CopyLogAsync(Process process)
    {
        await using var log = new StreamWriter(LogPath, append: true) { AutoFlush = true };
        var writing = new SemaphoreSlim(1);
        await Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError));

        async Task CopyAsync(StreamReader reader)
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                await writing.WaitAsync();
                await log.WriteLineAsync(line);
                writing.Release();
            }
        }
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await Http.GetAsync(Url + ReadyPath, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
