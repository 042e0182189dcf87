using System.Formats.Tar;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// The files that one COPY selects (docs.docker.com/reference/dockerfile, "COPY --exclude", "COPY --parents"). They are sent a second time,
/// to a place where a builder that does not know these flags finds them laid out as they should be.
/// </summary>
internal sealed class SelectedFiles
{
    /// <summary>The limit for all selections of one build, so that a Dockerfile's lines cannot send the checkout over and over.</summary>
    private const long MostBytes = 4L << 30;
    private const int MostEntries = 200_000;

    private readonly ContextSelection _selection;
    private readonly IgnorePatterns _excluded;
    private readonly List<Source> _sources = [];
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);

    /// <param name="Pattern">Null: the whole context.</param>
    /// <param name="Dropped">How many folders at the beginning of the path are left out (<c>a/./b</c>).</param>
    private sealed record Source(string Text, IgnorePatterns? Pattern, int Dropped);

    /// <summary>How much was sent so far.</summary>
    public sealed class Sent
    {
        public long Bytes { get; set; }

        public int Entries { get; set; }
    }

    private SelectedFiles(ContextSelection selection)
    {
        _selection = selection;
        _excluded = IgnorePatterns.Parse(string.Join('\n', selection.Excludes), selection.Place.ToString());
        foreach (var text in selection.Sources)
        {
            var pivot = text.IndexOf("/./", StringComparison.Ordinal);
            var pattern = text.Trim('/') is "" or "." ? null : IgnorePatterns.Parse("./" + text, selection.Place.ToString());
            _sources.Add(new Source(text, pattern, pivot < 0 ? 0 : text[..pivot].Split('/').Count(part => part is not ("" or "."))));
        }
    }

    /// <exception cref="FaultException">A source does not exist, or there is too much. The message says which file and line.</exception>
    public static async Task WriteAsync(
        TarWriter tar, string folder, IgnorePatterns ignored, ContextSelection selection, Sent sent, CancellationToken cancellationToken)
    {
        var files = new SelectedFiles(selection);
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, selection.Folder) { Mode = OpenFolder }, cancellationToken);
        await files.FolderAsync(tar, folder, "", ignored, sent, cancellationToken);
        if (files._sources.Find(source => source.Pattern is not null && source.Text.IndexOfAny(['*', '?', '[']) < 0
            && !files._found.Contains(source.Text)) is { } missing)
        {
            throw new FaultException(FaultKind.Build, $"{selection.Place}: {missing.Text} is not in the context");
        }
    }

    private async Task FolderAsync(
        TarWriter tar, string folder, string prefix, IgnorePatterns ignored, Sent sent, CancellationToken cancellationToken)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = prefix + Path.GetFileName(path);
            var kind = Checkout.Kind(path);
            var isIgnored = ignored.Excludes(name);
            if (!isIgnored && name is not (".dockerignore" or BuildContext.DockerfileName))
            {
                await EntryAsync(tar, path, name, kind, sent, cancellationToken);
            }

            if (kind == FileKind.Folder && (!isIgnored || ignored.TakesBack))
            {
                await FolderAsync(tar, path, name + "/", ignored, sent, cancellationToken);
            }
        }
    }

    private async Task EntryAsync(
        TarWriter tar, string path, string name, FileKind kind, Sent sent, CancellationToken cancellationToken)
    {
        foreach (var source in _sources)
        {
            if (TargetOf(source, name, kind == FileKind.Folder) is not { } target)
            {
                continue;
            }

            sent.Bytes += kind == FileKind.File ? new FileInfo(path).Length : 0;
            if (sent.Bytes > MostBytes || ++sent.Entries > MostEntries)
            {
                throw new FaultException(
                    FaultKind.Build,
                    $"{_selection.Place}: what --exclude, --parents and named contexts choose is more than {MostBytes >> 30} GiB or "
                        + $"{MostEntries} files",
                    "leave more out with .dockerignore");
            }

            if (kind == FileKind.Folder)
            {
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.Directory, $"{_selection.Folder}{target}/") { Mode = File.GetUnixFileMode(path) },
                    cancellationToken);
            }
            else
            {
                await PackedFiles.FileAsync(tar, path, _selection.Folder + target, kind, cancellationToken);
            }
        }
    }

    /// <returns>The file's path within the target. Null: the file is not selected, or has no entry of its own.</returns>
    private string? TargetOf(Source source, string name, bool isFolder)
    {
        var parts = name.Split('/');

        // A source names a file, or a folder with everything in it.
        var root = source.Pattern is null ? 0
            : Enumerable.Range(1, parts.Length).FirstOrDefault(count => source.Pattern.Excludes(string.Join('/', parts[..count])), -1);
        if (root < 0)
        {
            return null;
        }

        _found.Add(source.Text);
        if (_selection.Parents)
        {
            var kept = string.Join('/', parts[Math.Min(source.Dropped, parts.Length)..]);
            return kept.Length == 0 || _excluded.Excludes(kept) ? null : kept;
        }

        var inside = string.Join('/', parts[root..]);
        if (_excluded.Excludes(inside.Length == 0 ? parts[^1] : inside) && !(inside.Length == 0 && isFolder))
        {
            return null;
        }

        return (_selection.Name, inside, isFolder) switch
        {
            ({ } own, "", _) => own,
            ({ } own, _, _) => $"{own}/{inside}",
            (null, "", true) => null,
            (null, "", false) => parts[^1],
            _ => inside,
        };
    }

    private const UnixFileMode OpenFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
}
