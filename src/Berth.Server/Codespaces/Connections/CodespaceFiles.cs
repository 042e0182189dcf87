using System.Formats.Tar;
using Berth.Server.Api;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections;

/// <summary>
/// Files of a codespace as tar archives, in and out. The engine reads and writes them in the container's own file system, so that no path
/// and no link leads to another; what comes in belongs to the remote user, has no special bits, and holds files, folders and symbolic links
/// only.
/// </summary>
internal static class CodespaceFiles
{
    private const string MediaType = "application/x-tar";
    private const int LongestPath = 4096;

    /// <summary>The archive of a file or folder; its first name is that of the path's last part.</summary>
    public static async Task<IResult> GetAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, IContainerEngine engine,
        CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        var path = PathOf(http, running.Codespace);
        try
        {
            await using var archive = await engine.ReadFilesAsync(running.Container.Id, path, cancellationToken);
            http.Response.ContentType = MediaType;
            await archive.CopyToAsync(http.Response.Body, cancellationToken);
            return Results.Empty;
        }
        catch (EngineException exception) when (!http.Response.HasStarted)
        {
            return exception.Status == 404 ? Missing(path) : CodespaceConnections.Unprocessable(exception.Message);
        }
    }

    /// <summary>
    /// Unpacks an archive with one file or folder: into the folder that <c>path</c> names, or as <c>path</c> where there is none.
    /// </summary>
    public static async Task<IResult> PutAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, IContainerEngine engine,
        CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        var path = PathOf(http, running.Codespace);
        var wanted = http.Request.Query["name"].ToString();
        if (wanted.Length == 0 || wanted is "." or ".." || wanted.Contains('/', StringComparison.Ordinal) || wanted.Any(char.IsControl))
        {
            return ApiErrors.Invalid("Query", "name", "name must be the name of the file or folder, without slashes");
        }

        try
        {
            var container = running.Container.Id;
            var (folder, root) = await TargetAsync(engine, container, path, wanted, cancellationToken);
            var owner = await RemoteUserIds.FindAsync(engine, container, running.Codespace.RemoteUser ?? "root", cancellationToken);
            var archive = new RewrittenArchive(http.Request.Body, root, owner);
            await engine.WriteFilesAsync(container, folder, archive.WriteAsync, cancellationToken);
            return ApiResult.Ok(new Client.Wire.CopiedFiles((folder == "/" ? "" : folder) + "/" + root));
        }
        catch (EngineException exception)
        {
            return CodespaceConnections.Unprocessable(exception.Message);
        }
        catch (Exception exception) when (Fault(exception) is { } fault)
        {
            return CodespaceConnections.Unprocessable(fault);
        }
    }

    private static string? Fault(Exception exception) => exception switch
    {
        ArchiveRefusedException refused => refused.Message,
        InvalidDataException or EndOfStreamException or FormatException => "the body is not a whole tar archive",
        HttpRequestException { InnerException: { } inner } => Fault(inner),
        IOException { InnerException: { } inner } => Fault(inner),
        _ => null,
    };

    private static async Task<(string Folder, string Root)> TargetAsync(
        IContainerEngine engine, string container, string path, string name, CancellationToken cancellationToken)
    {
        if (await engine.FileAsync(container, path, cancellationToken) is { } there)
        {
            return there.IsFolder ? (path, name) : (Parent(path), path[(path.LastIndexOf('/') + 1)..]);
        }

        var parent = Parent(path);
        return !path.EndsWith('/') && await engine.FileAsync(container, parent, cancellationToken) is { IsFolder: true }
            ? (parent, path[(path.LastIndexOf('/') + 1)..])
            : throw new ArchiveRefusedException($"there is no folder {parent} in the codespace");
    }

    private static string Parent(string path)
    {
        var slash = path.TrimEnd('/').LastIndexOf('/');
        return slash <= 0 ? "/" : path[..slash];
    }

    private static string PathOf(HttpContext http, Codespace codespace)
    {
        var path = http.Request.Query["path"].ToString();
        if (path.Length is 0 or > LongestPath || path.Any(char.IsControl) || path.Split('/').Contains(".."))
        {
            throw new ApiException(ApiErrors.Invalid("Query", "path", "path must be a path in the codespace without '..'"));
        }

        var whole = path.StartsWith('/') ? path : $"{codespace.WorkspaceFolder}/{path}";
        return whole.Length > 1 ? whole.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/" : whole;
    }

    private static ApiError Missing(string path) => new(404, "NOT_FOUND", $"there is no {path} in the codespace");
}

/// <summary>The archive must not be unpacked.</summary>
internal sealed class ArchiveRefusedException(string reason) : Exception(reason);

/// <summary>Whose the files are to be: the numbers of the remote user, from the container's own <c>/etc/passwd</c>.</summary>
internal static class RemoteUserIds
{
    private const int Longest = 1024 * 1024;

    public static async Task<(int User, int Group)> FindAsync(
        IContainerEngine engine, string container, string user, CancellationToken cancellationToken)
    {
        var name = user.Split(':')[0];
        if (name is "root" or "0" or "")
        {
            return (0, 0);
        }

        await using var archive = await engine.ReadFilesAsync(container, "/etc/passwd", cancellationToken);
        await using var tar = new TarReader(archive);
        if (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { DataStream: { } data, Length: < Longest })
        {
            using var reader = new StreamReader(data);
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.Split(':') is [var login, _, var uid, var gid, ..] && (login == name || uid == name)
                    && int.TryParse(uid, out var userId) && int.TryParse(gid, out var groupId))
                {
                    return (userId, groupId);
                }
            }
        }

        return int.TryParse(name, out var number) ? (number, number) : (1000, 1000);
    }
}
