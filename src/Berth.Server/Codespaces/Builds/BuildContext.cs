using System.Formats.Tar;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// The build context that the engine gets, as a tar that is written while it is sent: the files of a folder of the checkout that
/// <c>.dockerignore</c> does not exclude, and the Dockerfile that Berth wrote. Links are sent as links, and the engine resolves them within
/// what it got. Pipes, sockets and devices are left out.
/// </summary>
internal sealed class BuildContext
{
    /// <summary>The name of the Dockerfile within the context.</summary>
    public const string DockerfileName = SentDockerfile.Name;

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
    /// The size of the context's files when they are sent. Holes become zeros then, and take room in every copy of the engine's.
    /// </summary>
    /// <param name="most">The count stops at this size.</param>
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
            await PackedFiles.FolderAsync(tar, _folder, "", "", _ignored, cancellationToken);
        }

        foreach (var (path, content) in _texts)
        {
            if (path.EndsWith('/'))
            {
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.Directory, path) { Mode = PackedFiles.OpenFolder }, cancellationToken);
            }
            else
            {
                await PackedFiles.TextAsync(tar, path, content, cancellationToken);
            }
        }

        if (_more is not null)
        {
            await _more(tar, cancellationToken);
        }

        // The engine removes both files once it has read them, so no instruction copies them.
        await PackedFiles.TextAsync(tar, ".dockerignore", $".dockerignore\n{DockerfileName}\n", cancellationToken);
        await PackedFiles.TextAsync(tar, DockerfileName, _dockerfile.Text, cancellationToken);
    }
}
