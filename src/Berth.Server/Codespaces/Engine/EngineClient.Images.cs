using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Engine;

/// <content>Images.</content>
internal sealed partial class EngineClient
{
    public async Task PullAsync(
        string repository, Digest digest, RegistryCredential? credential, Action<PullProgress> progress,
        CancellationToken cancellationToken)
    {
        var target = $"images/create?fromImage={Uri.EscapeDataString(repository)}&tag={Uri.EscapeDataString(digest.Value)}";
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(target, UriKind.Relative));
        Authorise(request, credential);
        using var response = await _http.SendAsync(request, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }

            // An answer with status 200 may still contain an error.
            var update = PullProgress.Parse(line);
            if (update.Error is { } error)
            {
                throw new EngineException(500, error);
            }

            progress(update);
        }
    }

    public async Task<EngineImage?> ImageAsync(string reference, CancellationToken cancellationToken)
    {
        using var document = await _http.FindAsync($"images/{reference}/json", cancellationToken);
        if (document is null)
        {
            return null;
        }

        var config = document.RootElement.GetProperty("Config");
        var user = config.TryGetProperty("User", out var name) && name.GetString() is { Length: > 0 } text ? text : null;
        return new EngineImage(document.RootElement.GetProperty("Id").GetString()!, user, EngineHttp.LabelsOf(config))
        {
            HasTriggers = config.TryGetProperty("OnBuild", out var triggers)
                && triggers.ValueKind == JsonValueKind.Array
                && triggers.GetArrayLength() > 0,
            Environment = config.TryGetProperty("Env", out var environment) && environment.ValueKind == JsonValueKind.Array
                ? [.. environment.EnumerateArray().Select(variable => variable.GetString() ?? "")]
                : [],
            Folder = config.TryGetProperty("WorkingDir", out var folder) ? folder.GetString() : null,
            Volumes = config.TryGetProperty("Volumes", out var volumes) && volumes.ValueKind == JsonValueKind.Object
                ? [.. volumes.EnumerateObject().Select(volume => volume.Name)]
                : [],
            Bytes = document.RootElement.TryGetProperty("Size", out var size) && size.TryGetInt64(out var bytes) ? bytes : 0,
            Entrypoint = Strings(config, "Entrypoint"),
            Command = Strings(config, "Cmd"),
        };
    }

    public async Task CommitAsync(
        string container, string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var colon = name.LastIndexOf(':');
        await _http.CallAsync(
            HttpMethod.Post,
            $"commit?container={container}&pause=false&repo={Uri.EscapeDataString(name[..colon])}&tag={name[(colon + 1)..]}",
            new JsonObject { ["Labels"] = EngineHttp.Map(labels) }, cancellationToken);
    }

    public async Task<bool> RemoveImageAsync(string image, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(
            HttpMethod.Delete, $"images/{image}", null, cancellationToken, HttpStatusCode.NotFound, HttpStatusCode.Conflict);
        return response.StatusCode != HttpStatusCode.Conflict;
    }

    public Task<IReadOnlyList<EngineListedImage>> LabelledImagesAsync(string label, CancellationToken cancellationToken) =>
        ImagesAsync("label", label, cancellationToken);

    public Task<IReadOnlyList<EngineListedImage>> NamedImagesAsync(string pattern, CancellationToken cancellationToken) =>
        ImagesAsync("reference", pattern, cancellationToken);

    private async Task<IReadOnlyList<EngineListedImage>> ImagesAsync(string filter, string value, CancellationToken cancellationToken)
    {
        using var document = await _http.ReadAsync($"images/json?{EngineHttp.Filters(filter, value)}", cancellationToken);
        return
        [
            .. document.RootElement.EnumerateArray().Select(
                image => new EngineListedImage(image.GetProperty("Id").GetString()!, NamesOf(image), EngineHttp.LabelsOf(image))),
        ];
    }

    private static IReadOnlyList<string> Strings(JsonElement config, string name) =>
        config.TryGetProperty(name, out var words) && words.ValueKind == JsonValueKind.Array
            ? [.. words.EnumerateArray().Select(word => word.GetString() ?? "")]
            : [];

    /// <summary>The image's names. Some versions of the engine call an image without a name <c>&lt;none&gt;:&lt;none&gt;</c>.</summary>
    private static List<string> NamesOf(JsonElement image) =>
        image.TryGetProperty("RepoTags", out var tags) && tags.ValueKind == JsonValueKind.Array
            ? [.. tags.EnumerateArray().Select(tag => tag.GetString()!).Where(tag => !tag.StartsWith('<'))]
            : [];

    private static void Authorise(HttpRequestMessage request, RegistryCredential? credential)
    {
        // An empty object means an anonymous pull. Without the header the engine refuses the call.
        var login = credential switch
        {
            null => "{}"u8.ToArray(),
            { Token: { } token } =>
                JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["registrytoken"] = token, ["serveraddress"] = credential.Registry }),
            _ => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
            {
                ["username"] = credential.UserName,
                ["password"] = credential.Password,
                ["serveraddress"] = credential.Registry,
            }),
        };

        // The engine's decoder takes base64url with padding.
        request.Headers.Add("X-Registry-Auth", Convert.ToBase64String(login).Replace('+', '-').Replace('/', '_'));
    }
}
