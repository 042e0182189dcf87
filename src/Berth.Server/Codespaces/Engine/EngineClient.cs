using System.Net.Sockets;
using System.Text.Json;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Engine;

/// <summary>A container engine behind its socket (docs.docker.com, Engine API 1.41).</summary>
internal sealed partial class EngineClient(EngineSocket socket, TimeProvider time) : IContainerEngine
{
    /// <summary>For an answer about itself the engine starts programs and counts its objects. Starts in a row share one.</summary>
    private static readonly TimeSpan FactsLast = TimeSpan.FromSeconds(10);

    private readonly EngineHttp _http = new(socket);
    private Platform? _platform;
    private KnownFacts? _facts;

    private sealed record KnownFacts(EngineFacts Facts, DateTimeOffset Until);

    public async Task<string?> UnavailableAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(TimeSpan.FromSeconds(10));

            // Use a new connection: an engine that is shutting down accepts none, but goes on answering on those that it has.
            await using var connection = await socket.OpenAsync(timeout.Token);
            using var response = await socket.Http.GetAsync(new Uri("_ping", UriKind.Relative), timeout.Token);
            return response.IsSuccessStatusCode ? null : $"the container engine at {socket.Path} answers {(int)response.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            // Another engine may listen here next.
            _facts = null;
            var reason = (exception.InnerException as SocketException ?? exception).Message;
            return $"no container engine answers at {socket.Path} ({reason}); install and start one (Debian: docker.io), or set "
                + "BERTH_DOCKER_HOST";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"the container engine at {socket.Path} does not answer within 10 seconds";
        }
    }

    public async Task<Platform> PlatformAsync(CancellationToken cancellationToken)
    {
        if (_platform is { } known)
        {
            return known;
        }

        using var document = await _http.ReadAsync("version", cancellationToken);
        return _platform = new Platform(
            document.RootElement.GetProperty("Os").GetString()!, document.RootElement.GetProperty("Arch").GetString()!, null);
    }

    public async Task<EngineFacts> FactsAsync(CancellationToken cancellationToken)
    {
        if (_facts is { } known && time.GetUtcNow() < known.Until)
        {
            return known.Facts;
        }

        var facts = await AskAsync(cancellationToken);
        _facts = new KnownFacts(facts, time.GetUtcNow() + FactsLast);
        return facts;
    }

    private async Task<EngineFacts> AskAsync(CancellationToken cancellationToken)
    {
        using var document = await _http.ReadAsync("info", cancellationToken);
        var info = document.RootElement;
        var remaps = info.TryGetProperty("SecurityOptions", out var options) && options.ValueKind == JsonValueKind.Array
            && options.EnumerateArray().Any(option => option.GetString() == "name=userns");

        // With user remapping, dockerd names its data folder after the first user and group: /var/lib/docker/100000.100000.
        var folder = info.TryGetProperty("DockerRootDir", out var root) ? root.GetString() ?? "" : "";
        return new EngineFacts(remaps, remaps && int.TryParse(Path.GetFileName(folder).Split('.')[0], out var first) ? first : 0, folder)
        {
            Version = info.TryGetProperty("ServerVersion", out var version) ? version.GetString() ?? "" : "",
            GroupsBySystemd = info.TryGetProperty("CgroupDriver", out var driver) && driver.GetString() == "systemd",
        };
    }

    public async Task<bool> SharesMountsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await socket.SharesMountsAsync(cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new EngineException(503, exception.Message);
        }
    }
}
