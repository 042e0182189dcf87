using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Engine;

/// <summary>What to build.</summary>
/// <param name="Tag">The image's name.</param>
/// <param name="Dockerfile">Its name within the context.</param>
/// <param name="Target">The stage to build.</param>
/// <param name="Arguments">Of the build.</param>
/// <param name="Labels">Of the image.</param>
/// <param name="NoCache">Every instruction runs.</param>
/// <param name="Network">Of the commands that run: a network's name, <c>default</c> or <c>none</c>.</param>
/// <param name="MemoryBytes">Each command may use; zero is no limit.</param>
/// <param name="Cpus">Each command may use; zero is no limit.</param>
internal sealed record EngineBuild(
    string Tag, string Dockerfile, string Target, IReadOnlyDictionary<string, string> Arguments, IReadOnlyDictionary<string, string> Labels, bool NoCache,
    string Network, long MemoryBytes, double Cpus);

/// <summary>Builds images with the engine's own builder (Engine API 1.41, "Build an image"), and takes them away again; knows nothing of codespaces.</summary>
internal sealed class EngineBuilds(EngineSocket socket)
{
    private const int CpuPeriod = 100_000;

    /// <param name="build">What.</param>
    /// <param name="writeContext">Writes the context as a tar.</param>
    /// <param name="log">Told each line of output.</param>
    /// <param name="cancellationToken">Ends the build.</param>
    /// <returns>The image's id.</returns>
    /// <exception cref="EngineException">The build failed, with the engine's words.</exception>
    public async Task<string> RunAsync(EngineBuild build, Func<Stream, CancellationToken, Task> writeContext, Action<string> log, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative("build?" + Query(build))) { Content = new StreamedContent(writeContext, cancellationToken) };
        request.Content.Headers.ContentType = new("application/x-tar");
        using var response = await SendAsync(request, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        string? id = null;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                id = Hear(line, log) ?? id;
            }
        }

        return id ?? throw new EngineException(500, "the build ended without an image");
    }

    /// <summary>With the layers below it that nothing else uses. An image that is gone is fine, and so is one that a container uses: it stays.</summary>
    public async Task RemoveAsync(string image, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Relative($"images/{image}"));
        using var response = await SendAsync(request, cancellationToken, HttpStatusCode.NotFound, HttpStatusCode.Conflict);
    }

    /// <summary>Ids of the images that carry the label, those that are only layers of others left out.</summary>
    public Task<IReadOnlyList<string>> LabelledAsync(string label, CancellationToken cancellationToken) =>
        ListAsync("label", label, image => [image.GetProperty("Id").GetString()!], cancellationToken);

    /// <summary>Names with their tags, by a pattern without tag: <c>registry/owner/*</c>.</summary>
    public Task<IReadOnlyList<string>> NamedAsync(string pattern, CancellationToken cancellationToken) => ListAsync(
        "reference", pattern,
        image => image.TryGetProperty("RepoTags", out var tags) && tags.ValueKind == JsonValueKind.Array ? tags.EnumerateArray().Select(tag => tag.GetString()!) : [],
        cancellationToken);

    private async Task<IReadOnlyList<string>> ListAsync(
        string filter, string value, Func<JsonElement, IEnumerable<string>> select, CancellationToken cancellationToken)
    {
        var filters = new JsonObject { [filter] = new JsonArray(value) };
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative($"images/json?filters={Uri.EscapeDataString(filters.ToJsonString())}"));
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return [.. document.RootElement.EnumerateArray().SelectMany(select)];
    }

    private static string Query(EngineBuild build)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["t"] = build.Tag,
            ["dockerfile"] = build.Dockerfile,
            ["target"] = build.Target,
            ["buildargs"] = Map(build.Arguments),
            ["labels"] = Map(build.Labels),
            ["networkmode"] = build.Network,
            ["rm"] = "1",
            ["forcerm"] = "1",
            ["version"] = "1",
        };
        if (build.NoCache)
        {
            parameters["nocache"] = "1";
        }

        if (build.MemoryBytes > 0)
        {
            // The same for memory and swap together: no swap.
            parameters["memory"] = parameters["memswap"] = build.MemoryBytes.ToString();
        }

        if (build.Cpus > 0)
        {
            parameters["cpuperiod"] = CpuPeriod.ToString();
            parameters["cpuquota"] = ((long)(build.Cpus * CpuPeriod)).ToString();
        }

        return string.Join('&', parameters.Select(parameter => $"{parameter.Key}={Uri.EscapeDataString(parameter.Value)}"));
    }

    private static string Map(IReadOnlyDictionary<string, string> values) =>
        new JsonObject(values.Select(value => KeyValuePair.Create<string, JsonNode?>(value.Key, value.Value))).ToJsonString();

    /// <returns>The image's id, when the line tells it.</returns>
    private static string? Hear(string line, Action<string> log)
    {
        using var document = JsonDocument.Parse(line);
        var entry = document.RootElement;
        if (entry.TryGetProperty("error", out var error))
        {
            throw new EngineException(500, error.GetString() ?? "the build failed");
        }

        if (entry.TryGetProperty("stream", out var stream))
        {
            foreach (var part in (stream.GetString() ?? "").Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                log(part);
            }
        }

        return entry.TryGetProperty("aux", out var aux) && aux.ValueKind == JsonValueKind.Object && aux.TryGetProperty("ID", out var id) ? id.GetString() : null;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken, params HttpStatusCode[] fine)
    {
        HttpResponseMessage response;
        try
        {
            response = await socket.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw exception.InnerException as FaultException as Exception
                ?? new EngineException(0, $"the container engine at {socket.Path} does not answer: {exception.Message}");
        }

        if (response.IsSuccessStatusCode || fine.Contains(response.StatusCode))
        {
            return response;
        }

        using (response)
        {
            throw new EngineException((int)response.StatusCode, EngineClient.Message(await response.Content.ReadAsStringAsync(cancellationToken)));
        }
    }

    private static Uri Relative(string target) => new(target, UriKind.Relative);

    /// <summary>A body of unknown length that is made while it is sent.</summary>
    private sealed class StreamedContent(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => write(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
