using System.Text.Json;

namespace Berth.Server.Codespaces.Engine;

/// <content>Builds, with the engine's own builder (Engine API 1.41, "Build an image").</content>
internal sealed partial class EngineClient
{
    private const int CpuPeriod = 100_000;

    public async Task<string> BuildAsync(
        EngineBuild build, Func<Stream, CancellationToken, Task> writeContext, Action<string> log, CancellationToken cancellationToken)
    {
        using var context = new EngineHttp.StreamedContent(writeContext, cancellationToken);
        context.Headers.ContentType = new("application/x-tar");
        using var response = await _http.SendAsync(HttpMethod.Post, "build?" + Query(build), context, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        string? id = null;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                id = ReadBuildLine(line, log) ?? id;
            }
        }

        return id ?? throw new EngineException(500, "the build ended without an image");
    }

    private static string Query(EngineBuild build)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["t"] = build.Tag,
            ["dockerfile"] = build.Dockerfile,
            ["target"] = build.Target,
            ["buildargs"] = EngineHttp.Map(build.Arguments).ToJsonString(),
            ["labels"] = EngineHttp.Map(build.Labels).ToJsonString(),
            ["networkmode"] = build.Network,
            ["cgroupparent"] = build.CgroupParent,
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
            // Memory and swap together have the same limit, so there is no swap.
            parameters["memory"] = parameters["memswap"] = build.MemoryBytes.ToString();
        }

        if (build.Cpus > 0)
        {
            parameters["cpuperiod"] = CpuPeriod.ToString();
            parameters["cpuquota"] = ((long)(build.Cpus * CpuPeriod)).ToString();
        }

        return string.Join('&', parameters.Select(parameter => $"{parameter.Key}={Uri.EscapeDataString(parameter.Value)}"));
    }

    /// <returns>The image's id, if the line has it.</returns>
    private static string? ReadBuildLine(string line, Action<string> log)
    {
        using var document = JsonDocument.Parse(line);
        var entry = document.RootElement;
        if (entry.TryGetProperty("error", out var error))
        {
            throw new EngineException(500, error.GetString() ?? "the build failed");
        }

        if (entry.TryGetProperty("stream", out var stream))
        {
            foreach (var part in (stream.GetString() ?? "")
                .Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                log(part);
            }
        }

        return entry.TryGetProperty("aux", out var aux) && aux.ValueKind == JsonValueKind.Object && aux.TryGetProperty("ID", out var id)
            ? id.GetString()
            : null;
    }
}
