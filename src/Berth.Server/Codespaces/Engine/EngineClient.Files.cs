using System.Formats.Tar;
using System.Net;
using System.Text.Json;

namespace Berth.Server.Codespaces.Engine;

/// <content>Files of containers.</content>
internal sealed partial class EngineClient
{
    public async Task<Stream> ReadFilesAsync(string container, string path, CancellationToken cancellationToken)
    {
        // The stream holds the connection, and gives it back when it is disposed.
        var response = await _http.SendAsync(HttpMethod.Get, Archive(container, path), null, cancellationToken);
        return await response.Content.ReadAsStreamAsync(cancellationToken);
    }

    public async Task<string?> ReadFileAsync(string container, string path, int maxBytes, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(
            HttpMethod.Get, Archive(container, path), null, cancellationToken, HttpStatusCode.NotFound);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        await using var tar = new TarReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        if (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is not { DataStream: { } data } entry
            || entry.Length > maxBytes)
        {
            return null;
        }

        using var reader = new StreamReader(data);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    public async Task<EngineFile?> FileAsync(string container, string path, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(
            HttpMethod.Head, Archive(container, path), null, cancellationToken, HttpStatusCode.NotFound);
        if (response.StatusCode == HttpStatusCode.NotFound
            || !response.Headers.TryGetValues("X-Docker-Container-Path-Stat", out var values))
        {
            return null;
        }

        using var stat = JsonDocument.Parse(Convert.FromBase64String(values.First()));

        // Go's file modes: the highest bit says "folder" (io/fs, ModeDir).
        var mode = stat.RootElement.GetProperty("mode").GetUInt32();
        return new EngineFile(
            stat.RootElement.GetProperty("name").GetString() ?? "", (mode & (1u << 31)) != 0,
            stat.RootElement.GetProperty("size").GetInt64());
    }

    public async Task WriteFilesAsync(
        string container, string folder, Func<Stream, CancellationToken, Task> writeArchive, CancellationToken cancellationToken)
    {
        using var archive = new EngineHttp.StreamedContent(writeArchive, cancellationToken);
        using var response = await _http.SendAsync(
            HttpMethod.Put, Archive(container, folder) + "&noOverwriteDirNonDir=1&copyUIDGID=1", archive, cancellationToken);
    }

    private static string Archive(string container, string path) => $"containers/{container}/archive?path={Uri.EscapeDataString(path)}";
}
