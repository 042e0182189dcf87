using System.Formats.Tar;
using System.Text;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// What the engine gets to build from, as a tar that is written while it is sent: the files of a folder of the checkout that
/// <c>.dockerignore</c> leaves in, and the Dockerfile that Berth wrote. Links go in as links, for the engine to resolve within what it got;
/// pipes, sockets and devices stay out.
/// </summary>
internal sealed class BuildContext
{
    /// <summary>Of the Dockerfile within the context.</summary>
    public const string DockerfileName = ".berth-dockerfile";

    private readonly string? _folder;
    private readonly IgnorePatterns _ignored;
    private readonly SentDockerfile _dockerfile;
    private readonly IReadOnlyDictionary<string, string> _texts;
    private readonly Func<TarWriter, CancellationToken, Task>? _more;

    /// <param name="folder">Full path, or null for none.</param>
    public BuildContext(
        string? folder, IgnorePatterns ignored, SentDockerfile dockerfile, IReadOnlyDictionary<string, string> texts,
        Func<TarWriter, CancellationToken, Task>? more = null) =>
        (_folder, _ignored, _dockerfile, _texts, _more) = (folder, ignored, dockerfile, texts, more);

    /// <summary>
    /// What its files are when they are sent: holes are zeros then, and have a place in the engine's every copy.
    /// </summary>
    /// <param name="most">More is not looked at.</param>
    public long Bytes(long most, CancellationToken cancellationToken) =>
        _folder is null ? 0 : BytesOf(_folder, "", _ignored, most, cancellationToken);

    private static long BytesOf(string folder, string prefix, IgnorePatterns ignored, long most, CancellationToken cancellationToken)
    {
        long bytes = 0;
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (name, kind) = (prefix + Path.GetFileName(path), Checkout.Kind(path));
            var excluded = ignored.Excludes(name);
            bytes += kind switch
            {
                FileKind.Folder when !excluded || ignored.TakesBack =>
                    BytesOf(path, name + "/", ignored, most - bytes, cancellationToken),
                FileKind.File when !excluded => new FileInfo(path).Length,
                _ => 0,
            };
            if (bytes > most)
            {
                break;
            }
        }

        return bytes;
    }

    public async Task WriteAsync(Stream target, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        if (_folder is not null)
        {
            await FolderAsync(tar, _folder, "", "", _ignored, cancellationToken);
        }

        foreach (var (path, content) in _texts)
        {
            if (path.EndsWith('/'))
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, path) { Mode = OpenFolder }, cancellationToken);
            }
            else
            {
                await TextAsync(tar, path, content, cancellationToken);
            }
        }

        if (_more is not null)
        {
            await _more(tar, cancellationToken);
        }

        // The engine takes both away once it has read them, so they are in nothing that is copied.
        await TextAsync(tar, ".dockerignore", $".dockerignore\n{DockerfileName}\n", cancellationToken);
        await TextAsync(tar, DockerfileName, _dockerfile.Text, cancellationToken);
    }

    public static async Task TextAsync(TarWriter tar, string path, string content, CancellationToken cancellationToken)
    {
        using var data = new MemoryStream(Encoding.UTF8.GetBytes(content));
        await tar.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = data, Mode = Readable }, cancellationToken);
    }

    private const UnixFileMode OpenFolder = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>All of a folder, below a name that ends with a slash.</summary>
    public static Task FolderAsync(TarWriter tar, string folder, string target, CancellationToken cancellationToken) =>
        FolderAsync(tar, folder, "", target, IgnorePatterns.Parse("", ""), cancellationToken);

    /// <summary>One file under a name, or all of a folder below it. Links are not followed.</summary>
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

    private static async Task FolderAsync(
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
            else if (!excluded && target + name is not (".dockerignore" or DockerfileName))
            {
                await FileAsync(tar, path, target + name, kind, cancellationToken);
            }
        }
    }

    /// <summary>A file or a link; what is neither stays out.</summary>
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
