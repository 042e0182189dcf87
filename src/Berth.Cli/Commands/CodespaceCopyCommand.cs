using System.Formats.Tar;
using System.Net;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace cp</c>: copies files into and out of a codespace.</summary>
internal static class CodespaceCopyCommand
{
    public static BerthCommand Build()
    {
        var source = Arguments.Text("SOURCE", "A path here, or NAME:PATH in a codespace");
        var target = Arguments.Text("TARGET", "NAME:PATH in a codespace, or a path here");
        return BerthCommand.Of(
            "cp",
            "Copy a file or folder into a codespace or out of it. A path in the codespace that does not begin with / is below its "
                + "workspace.",
            ["berth codespace cp notes.txt ada-app-g4wpq6h95q:/tmp/", "berth codespace cp ada-app-g4wpq6h95q:dist ./dist"],
            [source, target],
            async call =>
            {
                var (from, to) = (Place(call.Get(source)), Place(call.Get(target)));
                switch (from, to)
                {
                    case ({ Codespace: null }, { Codespace: { } name }):
                        await UploadAsync(call, from.Path, name, to.Path);
                        break;
                    case ({ Codespace: { } name }, { Codespace: null }):
                        await DownloadAsync(call, name, from.Path, to.Path);
                        break;
                    default:
                        throw new CommandException(
                            ExitCodes.Usage, "one of the two paths must be in a codespace, NAME:PATH, and the other here");
                }
            });
    }

    /// <summary>A local path may contain a colon if it begins with <c>/</c>, <c>./</c> or <c>../</c>.</summary>
    private static (string? Codespace, string Path) Place(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return colon > 0 && (slash < 0 || colon < slash)
            ? (text[..colon], text[(colon + 1)..] is { Length: > 0 } path ? path : ".")
            : (null, text);
    }

    private static async Task UploadAsync(CommandCall call, string path, string codespace, string target)
    {
        var full = Path.GetFullPath(path).TrimEnd('/');
        if (!File.Exists(full) && !Directory.Exists(full))
        {
            throw new CommandException(ExitCodes.Failed, $"there is no {path}");
        }

        using var archive = new Archive(full);
        var copied = await call.Client.WriteFilesAsync(codespace, target, Path.GetFileName(full), archive, call.CancellationToken);
        call.WriteDone($"Copied {path} to {codespace}:{copied.Path}.");
    }

    private static async Task DownloadAsync(CommandCall call, string codespace, string path, string target)
    {
        using var response = await call.Client.ReadFilesAsync(codespace, path, call.CancellationToken);
        var full = Path.GetFullPath(target);
        var into = Directory.Exists(full);
        var parent = into ? full : Path.GetDirectoryName(full.TrimEnd('/'))!;
        if (!Directory.Exists(parent))
        {
            throw new CommandException(ExitCodes.Failed, $"there is no folder {parent}");
        }

        // Unpack into a folder beside the target first. The result is then moved as a whole or not at all, and no link from the codespace
        // can lead elsewhere.
        var arriving = Directory.CreateDirectory(Path.Combine(parent, $".berth-cp-{Path.GetRandomFileName()}")).FullName;
        try
        {
            await TarFile.ExtractToDirectoryAsync(
                await response.Content.ReadAsStreamAsync(call.CancellationToken), arriving, overwriteFiles: false, call.CancellationToken);
            foreach (var item in new DirectoryInfo(arriving).GetFileSystemInfos())
            {
                Move(item, into ? Path.Combine(full, item.Name) : full.TrimEnd('/'));
            }
        }
        catch (HttpIOException)
        {
            throw new CommandException(
                ExitCodes.Failed,
                $"cannot copy: {path} was not sent as a whole; its user may not read all of it, or the codespace ended meanwhile");
        }
        catch (Exception exception) when (exception is InvalidDataException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Failed, $"cannot copy: {exception.Message}");
        }
        finally
        {
            Directory.Delete(arriving, recursive: true);
        }

        call.WriteDone($"Copied {codespace}:{path} to {target}.");
    }

    private static void Move(FileSystemInfo item, string target)
    {
        if (item is DirectoryInfo { LinkTarget: null } folder)
        {
            if (Directory.Exists(target) || File.Exists(target))
            {
                throw new CommandException(ExitCodes.Failed, $"{target} is there already");
            }

            folder.MoveTo(target);
        }
        else
        {
            new FileInfo(item.FullName).MoveTo(target, overwrite: true);
        }
    }

    /// <summary>A file or folder as a tar archive that is written while it is sent.</summary>
    private sealed class Archive(string path) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
            var name = Path.GetFileName(path);
            await writer.WriteEntryAsync(path, name, cancellationToken);
            if (Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null)
            {
                await AddAsync(writer, new DirectoryInfo(path), name, cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        private static async Task AddAsync(TarWriter writer, DirectoryInfo folder, string name, CancellationToken cancellationToken)
        {
            foreach (var item in folder.EnumerateFileSystemInfos())
            {
                var entry = $"{name}/{item.Name}";
                await writer.WriteEntryAsync(item.FullName, entry, cancellationToken);
                if (item is DirectoryInfo { LinkTarget: null } below)
                {
                    await AddAsync(writer, below, entry, cancellationToken);
                }
            }
        }
    }
}
