using System.Formats.Tar;
using System.Text;
using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Writes files of the checkout into a tar for the engine. Links are written as links and not followed. Pipes, sockets and devices are left
/// out.
/// </summary>
internal static class PackedFiles
{
    /// <summary>The mode of a folder that everybody may read.</summary>
    public const UnixFileMode OpenFolder = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static async Task TextAsync(TarWriter tar, string path, string content, CancellationToken cancellationToken)
    {
        using var data = new MemoryStream(Encoding.UTF8.GetBytes(content));
        await tar.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = data, Mode = Readable }, cancellationToken);
    }

    /// <summary>Writes a whole folder below a name that ends with a slash.</summary>
    public static Task FolderAsync(TarWriter tar, string folder, string target, CancellationToken cancellationToken) =>
        FolderAsync(tar, folder, "", target, IgnorePatterns.Parse("", ""), cancellationToken);

    /// <summary>Writes one file under a name, or a whole folder below it. Links are not followed.</summary>
    public static async Task PathAsync(TarWriter tar, string path, string name, CancellationToken cancellationToken)
    {
        var kind = Checkout.Kind(path);
        if (kind == FileKind.Folder)
        {
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.Directory, name + "/") { Mode = File.GetUnixFileMode(path) }, cancellationToken);
            await FolderAsync(tar, path, name + "/", cancellationToken);
        }
        else
        {
            await FileAsync(tar, path, name, kind, cancellationToken);
        }
    }

    /// <summary>Writes a folder without its ignored files.</summary>
    /// <param name="prefix">The folder's path, as patterns see it.</param>
    public static async Task FolderAsync(
        TarWriter tar, string folder, string prefix, string target, IgnorePatterns ignored, CancellationToken cancellationToken)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = prefix + Path.GetFileName(path);
            var kind = Checkout.Kind(path);
            var excluded = ignored.Excludes(name);
            if (kind == FileKind.Folder && (!excluded || ignored.TakesBack))
            {
                if (!excluded)
                {
                    await tar.WriteEntryAsync(
                        new PaxTarEntry(TarEntryType.Directory, $"{target}{name}/") { Mode = File.GetUnixFileMode(path) },
                        cancellationToken);
                }

                await FolderAsync(tar, path, name + "/", target, ignored, cancellationToken);
            }
            else if (!excluded && target + name is not (".dockerignore" or SentDockerfile.Name))
            {
                await FileAsync(tar, path, target + name, kind, cancellationToken);
            }
        }
    }

    /// <summary>Writes a file or a link. Anything else is left out.</summary>
    public static async Task FileAsync(TarWriter tar, string path, string name, FileKind kind, CancellationToken cancellationToken)
    {
        if (kind == FileKind.Link)
        {
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = new FileInfo(path).LinkTarget ?? "" }, cancellationToken);
        }
        else if (kind == FileKind.File)
        {
            await using var data = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 128 * 1024, FileOptions.SequentialScan);
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data, Mode = File.GetUnixFileMode(path) },
                cancellationToken);
        }
    }
}
