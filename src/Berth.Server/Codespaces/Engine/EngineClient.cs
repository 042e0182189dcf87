using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Json;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Engine;

/// <summary>The engine refused, with its own words.</summary>
internal sealed class EngineException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}

/// <summary>A login at a registry, as the engine takes it.</summary>
internal sealed record RegistryCredential(string Registry, string UserName, string Password)
{
    /// <summary>A token of the registry for the image at hand. With it the engine shows it as it is, and asks for no other anywhere.</summary>
    public string? Token { get; init; }

    public override string ToString() => $"{UserName} at {Registry}";
}

/// <summary>A container, as far as Berth looks at it.</summary>
/// <param name="Environment">Each as NAME=VALUE.</param>
internal sealed record EngineContainer(string Id, bool Running, int ExitCode, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<string> Environment)
{
    /// <summary>Of its main process, as the engine's machine counts; 0 when it does not run.</summary>
    public int Pid { get; init; }

    /// <summary>Why the engine could not start it, in its words; empty when it could.</summary>
    public string Fault { get; init; } = "";

    /// <summary>Differs from run to run.</summary>
    public string StartedAt { get; init; } = "";

    /// <summary>In the first of its networks; null when it has none.</summary>
    public string? Address { get; init; }
}

/// <summary>A process that was started in a container beside its main one.</summary>
/// <param name="Pid">As the engine's machine counts; 0 when it has not begun.</param>
/// <param name="ExitCode">Null while it runs.</param>
internal sealed record EngineExec(bool Running, int Pid, int? ExitCode);

/// <summary>A container in a list.</summary>
internal sealed record EngineListed(string Id, IReadOnlyDictionary<string, string> Labels);

/// <summary>What lies at a path of a container.</summary>
internal sealed record EngineFile(string Name, bool IsFolder, long Size);

/// <summary>What an image says about itself.</summary>
internal sealed record EngineImage(string Id, string? User, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Instructions that would run in whatever is built from it (ONBUILD).</summary>
    public bool HasTriggers { get; init; }
}

/// <summary>Berth's own calls on the container engine (docs.docker.com, Engine API 1.41); knows nothing of codespaces.</summary>
internal sealed partial class EngineClient(EngineSocket socket)
{
    public EngineSocket Socket => socket;

    /// <summary>Null when the engine answers, else why it does not.</summary>
    public async Task<string?> UnavailableAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(TimeSpan.FromSeconds(10));

            // An engine that ends takes no new connections, while it goes on answering on those that it has.
            await using var connection = await socket.OpenAsync(timeout.Token);
            using var response = await socket.Http.GetAsync(Relative("version"), timeout.Token);
            return response.IsSuccessStatusCode ? null : $"the container engine at {socket.Path} answers {(int)response.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException)
        {
            var reason = (exception.InnerException as SocketException ?? exception).Message;
            return $"no container engine answers at {socket.Path} ({reason}); install and start one (Debian: docker.io), or set BERTH_DOCKER_HOST";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"the container engine at {socket.Path} does not answer within 10 seconds";
        }
    }

    /// <summary>What its containers run on.</summary>
    public async Task<Platform> PlatformAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative("version"));
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return new Platform(document.RootElement.GetProperty("Os").GetString()!, document.RootElement.GetProperty("Arch").GetString()!, null);
    }

    /// <summary>Pulls one digest. An error may come in the middle of a 200, so every line is looked at.</summary>
    /// <param name="image">Where from.</param>
    /// <param name="digest">What.</param>
    /// <param name="credential">Null pulls anonymously.</param>
    /// <param name="progress">Told each line of the engine.</param>
    /// <param name="cancellationToken">Ends the pull.</param>
    public async Task PullAsync(
        ImageReference image, Digest digest, RegistryCredential? credential, Action<PullProgress> progress, CancellationToken cancellationToken)
    {
        var target = $"images/create?fromImage={Uri.EscapeDataString(image.Repository)}&tag={Uri.EscapeDataString(digest.Value)}";
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative(target));
        Authorise(request, credential);
        using var response = await SendAsync(request, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }

            var update = PullProgress.Parse(line);
            if (update.Error is { } error)
            {
                throw new EngineException(500, error);
            }

            progress(update);
        }
    }

    /// <summary>Null when the engine does not have it.</summary>
    public async Task<EngineImage?> ImageAsync(string reference, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"images/{reference}/json", cancellationToken);
        if (document is null)
        {
            return null;
        }

        var config = document.RootElement.GetProperty("Config");
        var user = config.TryGetProperty("User", out var name) && name.GetString() is { Length: > 0 } text ? text : null;
        return new EngineImage(document.RootElement.GetProperty("Id").GetString()!, user, LabelsOf(config))
        {
            HasTriggers = config.TryGetProperty("OnBuild", out var triggers) && triggers.ValueKind == JsonValueKind.Array && triggers.GetArrayLength() > 0,
        };
    }

    /// <summary>Null when there is none of that name or id.</summary>
    public async Task<EngineContainer?> ContainerAsync(string nameOrId, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"containers/{Uri.EscapeDataString(nameOrId)}/json", cancellationToken);
        if (document is null)
        {
            return null;
        }

        var state = document.RootElement.GetProperty("State");
        var config = document.RootElement.GetProperty("Config");
        return new EngineContainer(
            document.RootElement.GetProperty("Id").GetString()!, state.GetProperty("Running").GetBoolean(), state.GetProperty("ExitCode").GetInt32(),
            LabelsOf(config),
            config.TryGetProperty("Env", out var env) && env.ValueKind == JsonValueKind.Array ? [.. env.EnumerateArray().Select(entry => entry.GetString() ?? "")] : [])
        {
            Pid = state.TryGetProperty("Pid", out var pid) && pid.TryGetInt32(out var number) ? number : 0,
            Fault = state.TryGetProperty("Error", out var fault) ? fault.GetString() ?? "" : "",
            StartedAt = state.TryGetProperty("StartedAt", out var started) ? started.GetString() ?? "" : "",
            Address = AddressOf(document.RootElement),
        };
    }

    private static string? AddressOf(JsonElement container) =>
        container.TryGetProperty("NetworkSettings", out var settings) && settings.TryGetProperty("Networks", out var networks) && networks.ValueKind == JsonValueKind.Object
            ? networks.EnumerateObject()
                .Select(network => network.Value.ValueKind == JsonValueKind.Object && network.Value.TryGetProperty("IPAddress", out var address) ? address.GetString() : null)
                .FirstOrDefault(address => !string.IsNullOrEmpty(address))
            : null;

    /// <summary>The containers that run and carry every one of the labels.</summary>
    public async Task<IReadOnlyList<EngineListed>> RunningAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var filters = new JsonObject { ["label"] = new JsonArray([.. labels.Select(label => JsonValue.Create($"{label.Key}={label.Value}"))]) };
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative($"containers/json?filters={Uri.EscapeDataString(filters.ToJsonString())}"));
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return [.. document.RootElement.EnumerateArray().Select(container => new EngineListed(container.GetProperty("Id").GetString()!, LabelsOf(container)))];
    }

    /// <summary>Ids of all containers, running or not, that carry every one of the labels.</summary>
    public async Task<IReadOnlyList<string>> ContainersAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var filters = new JsonObject { ["label"] = new JsonArray([.. labels.Select(label => JsonValue.Create($"{label.Key}={label.Value}"))]) };
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative($"containers/json?all=1&filters={Uri.EscapeDataString(filters.ToJsonString())}"));
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return [.. document.RootElement.EnumerateArray().Select(container => container.GetProperty("Id").GetString()!)];
    }

    public Task StartAsync(string id, CancellationToken cancellationToken) => PostAsync($"containers/{id}/start", cancellationToken);

    /// <summary>Ends its main process, by force after <paramref name="grace"/>. A container that is stopped or gone is fine.</summary>
    public Task StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken) =>
        PostAsync($"containers/{id}/stop?t={(int)grace.TotalSeconds}", cancellationToken, missingIsFine: true);

    /// <summary>With its anonymous volumes. A container that is gone is fine.</summary>
    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Relative($"containers/{id}?force=1&v=1"));
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
    }

    /// <summary>A process to be: its id, for <see cref="StartExecAsync"/>.</summary>
    public async Task<string> CreateExecAsync(string container, JsonObject body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative($"containers/{container}/exec")) { Content = JsonContent.Create(body) };
        using var response = await SendAsync(request, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        return document.RootElement.GetProperty("Id").GetString()!;
    }

    /// <summary>Starts it; the answer carries its output in the engine's frames until it ends (<see cref="EngineFrames"/>).</summary>
    public async Task<HttpResponseMessage> StartExecAsync(string exec, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Relative($"exec/{exec}/start"))
        {
            Content = JsonContent.Create(new JsonObject { ["Detach"] = false, ["Tty"] = false }),
        };
        return await SendAsync(request, cancellationToken);
    }

    /// <summary>Null when the engine does not know it (any more).</summary>
    public async Task<EngineExec?> ExecAsync(string exec, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"exec/{exec}/json", cancellationToken);
        if (document is null)
        {
            return null;
        }

        var root = document.RootElement;
        return new EngineExec(
            root.TryGetProperty("Running", out var running) && running.ValueKind == JsonValueKind.True,
            root.TryGetProperty("Pid", out var pid) && pid.TryGetInt32(out var number) ? number : 0,
            root.TryGetProperty("ExitCode", out var code) && code.ValueKind == JsonValueKind.Number ? code.GetInt32() : null);
    }

    /// <summary>The size of its terminal. One that has ended has none, which is fine.</summary>
    public async Task ResizeExecAsync(string exec, int rows, int columns, CancellationToken cancellationToken)
    {
        try
        {
            await PostAsync($"exec/{exec}/resize?h={rows}&w={columns}", cancellationToken, missingIsFine: true);
        }
        catch (EngineException exception) when (exception.Status is >= 400)
        {
            // It ends at this moment, or has not begun.
        }
    }

    /// <summary>Files of a container as a tar archive, from a path in it. The caller disposes the answer.</summary>
    /// <exception cref="EngineException">There is no such path.</exception>
    public Task<HttpResponseMessage> ReadFilesAsync(string container, string path, CancellationToken cancellationToken) => SendAsync(
        new HttpRequestMessage(HttpMethod.Get, Relative($"containers/{container}/archive?path={Uri.EscapeDataString(path)}")), cancellationToken);

    /// <summary>What lies at a path of a container; null when nothing does.</summary>
    public async Task<EngineFile?> FileAsync(string container, string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, Relative($"containers/{container}/archive?path={Uri.EscapeDataString(path)}"));
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
        if (response.StatusCode == System.Net.HttpStatusCode.NotFound || !response.Headers.TryGetValues("X-Docker-Container-Path-Stat", out var values))
        {
            return null;
        }

        using var stat = JsonDocument.Parse(Convert.FromBase64String(values.First()));

        // Go's file modes: the highest bit says "folder" (io/fs, ModeDir).
        var mode = stat.RootElement.GetProperty("mode").GetUInt32();
        return new EngineFile(stat.RootElement.GetProperty("name").GetString() ?? "", (mode & (1u << 31)) != 0, stat.RootElement.GetProperty("size").GetInt64());
    }

    /// <summary>Unpacks a tar archive into a folder of a container.</summary>
    public async Task WriteFilesAsync(string container, string folder, HttpContent archive, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Put, Relative($"containers/{container}/archive?path={Uri.EscapeDataString(folder)}&noOverwriteDirNonDir=1&copyUIDGID=1"))
        {
            Content = archive,
        };
        using var response = await SendAsync(request, cancellationToken);
    }

    public async Task<int> ExecExitCodeAsync(string exec, CancellationToken cancellationToken)
    {
        using var document = await FindAsync($"exec/{exec}/json", cancellationToken);
        return document is not null && document.RootElement.TryGetProperty("ExitCode", out var code) && code.ValueKind == JsonValueKind.Number
            ? code.GetInt32()
            : throw new EngineException(500, "the process ended without an exit code");
    }

    private async Task PostAsync(string target, CancellationToken cancellationToken, bool missingIsFine = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Relative(target));
        using var response = await SendAsync(request, cancellationToken, missingIsFine);
    }

    private async Task<JsonDocument?> FindAsync(string target, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Relative(target));
        using var response = await SendAsync(request, cancellationToken, missingIsFine: true);
        return response.StatusCode == System.Net.HttpStatusCode.NotFound ? null : JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken, bool missingIsFine = false)
    {
        HttpResponseMessage response;
        try
        {
            response = await socket.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new EngineException(0, $"the container engine at {socket.Path} does not answer: {exception.Message}");
        }

        // 304: it is in that state already.
        if ((int)response.StatusCode < 400 || (missingIsFine && response.StatusCode == System.Net.HttpStatusCode.NotFound))
        {
            return response;
        }

        using (response)
        {
            throw new EngineException((int)response.StatusCode, Message(await response.Content.ReadAsStringAsync(cancellationToken)));
        }
    }

    public static string Message(string body)
    {
        try
        {
            using var document = OutsideJson.Parse(body, default);
            return document.RootElement.TextOf("message") ?? body;
        }
        catch (OutsideJsonException)
        {
            return body;
        }
    }

    private static void Authorise(HttpRequestMessage request, RegistryCredential? credential)
    {
        // An empty object asks anonymously; without the header the engine refuses the call.
        var login = credential switch
        {
            null => "{}"u8.ToArray(),
            { Token: { } token } => JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["registrytoken"] = token, ["serveraddress"] = credential.Registry }),
            _ => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
            {
                ["username"] = credential.UserName,
                ["password"] = credential.Password,
                ["serveraddress"] = credential.Registry,
            }),
        };

        // Base64url with padding: what the engine's decoder takes.
        request.Headers.Add("X-Registry-Auth", Convert.ToBase64String(login).Replace('+', '-').Replace('/', '_'));
    }

    private static Dictionary<string, string> LabelsOf(JsonElement config) =>
        config.TryGetProperty("Labels", out var labels) && labels.ValueKind == JsonValueKind.Object
            ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "", StringComparer.Ordinal)
            : [];

    private static Uri Relative(string target) => new(target, UriKind.Relative);
}
