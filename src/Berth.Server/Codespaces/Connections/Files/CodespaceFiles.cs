using Berth.Server.Api;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections.Files;

/// <summary>
/// Copies files of a codespace in and out, as tar archives. A process inside reads and writes them as the codespace's user, so no path and
/// no link leads further than that user may go. What comes in gets no special permission bits, and may only be files, folders and symbolic
/// links.
/// </summary>
internal static class CodespaceFiles
{
    public const string MediaType = "application/x-tar";

    /// <summary>Sends the archive of a file or folder. The first name in it is the last part of the path.</summary>
    public static async Task<IResult> GetAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, CopyFiles copy,
        CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        var path = PathOf(http, running.Codespace);
        try
        {
            await copy.ReadAsync(
                running, path, http.Response.Body, () => http.Response.ContentType = MediaType, cancellationToken);
        }
        catch (NothingThereException)
        {
            return new ApiError(404, "NOT_FOUND", $"there is no {path} in the codespace");
        }
        catch (Exception exception) when (exception is ArchiveRefusedException or EngineException or CutShortException or IOException)
        {
            if (!http.Response.HasStarted)
            {
                return CodespaceConnections.Unprocessable(exception.Message);
            }

            // Abort, so that a client does not take a part for the whole.
            http.Abort();
        }

        return Results.Empty;
    }

    /// <summary>
    /// Unpacks an archive with one file or folder. If <c>path</c> is a folder, the copy goes into it. Otherwise it becomes <c>path</c>.
    /// </summary>
    public static async Task<IResult> PutAsync(
        string name, HttpContext http, ApiCaller caller, CodespaceConnections connections, CopyFiles copy,
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
            var copied = await copy.WriteAsync(running, path, wanted, http.Request.Body, cancellationToken);
            return ApiResult.Ok(new Client.Wire.CopiedFiles(copied.Text));
        }
        catch (Exception exception) when (Fault(exception) is { } fault)
        {
            return CodespaceConnections.Unprocessable(fault);
        }
    }

    private static string? Fault(Exception exception) => exception switch
    {
        ArchiveRefusedException or EngineException => exception.Message,
        InvalidDataException or EndOfStreamException or FormatException => "the body is not a whole tar archive",
        IOException { InnerException: { } inner } => Fault(inner),
        _ => null,
    };

    private static ContainerPath PathOf(HttpContext http, Codespace codespace)
    {
        var text = http.Request.Query["path"].ToString();
        var from = ContainerPath.TryParse(codespace.WorkspaceFolder, out var workspace) ? workspace : ContainerPath.Root;
        return !text.Split('/').Contains("..") && ContainerPath.TryParse(text, from, out var path)
            ? path
            : throw new ApiException(ApiErrors.Invalid("Query", "path", "path must be a path in the codespace without '..'"));
    }
}
