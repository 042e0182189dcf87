using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The kind of what lies at a path. Other means pipes, sockets and devices, which are never opened.</summary>
internal enum FileKind
{
    Missing,
    File,
    Folder,
    Link,
    Other,
}

/// <summary>
/// The files of a checkout, as its own configuration may name them. Paths stay inside, and no symbolic link is followed, since a link in a
/// repository may point at any file of the host. The files are read while no process of the codespace runs, so nobody can replace a file
/// after it was checked.
/// </summary>
internal sealed partial class Checkout(string root, ExpansionBudget budget)
{
    private const int LongestPath = 4096;
    private readonly SortedDictionary<string, string> _read = new(StringComparer.Ordinal);

    public string Root => root;

    /// <summary>The budget of the plan that is made from these files. Every text that is read counts against it.</summary>
    public ExpansionBudget Budget => budget;

    /// <summary>The files that were read, by path, with the SHA-256 of each.</summary>
    public IReadOnlyDictionary<string, string> FilesRead => _read;

    /// <summary>The reasons why these files are refused.</summary>
    public Refusals Refusals { get; } = new();

    /// <summary>The registry and the image where these files do not name one.</summary>
    public ImageDefaults Defaults { get; init; } = ImageDefaults.None;

    /// <summary>
    /// Resolves a path that a file of the checkout names. Returns a path within the checkout, or an empty text for the checkout itself.
    /// </summary>
    /// <param name="what">The property, for the message: <c>build.context</c>.</param>
    /// <exception cref="FaultException">The path leads outside, or through a link.</exception>
    public string Locate(string folder, string path, string what)
    {
        const string WholeWorkspace = "${localWorkspaceFolder}";
        if (path.StartsWith(WholeWorkspace, StringComparison.Ordinal))
        {
            (folder, path) = ("", path[WholeWorkspace.Length..].TrimStart('/'));
        }

        if (path.Length > LongestPath)
        {
            throw new FaultException(FaultKind.Configuration, $"{what}: a path has at most {LongestPath} characters");
        }

        if (path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal) || path.Contains("${", StringComparison.Ordinal))
        {
            throw Outside(path, what);
        }

        List<string> segments = [.. folder.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != "."))
        {
            if (segment != "..")
            {
                segments.Add(segment);
            }
            else if (segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else
            {
                throw Outside(path, what);
            }
        }

        var found = string.Join('/', segments);
        CheckLinks(found, what);
        return found;
    }

    public string FullPath(string path) => path.Length == 0 ? root : Path.Combine(root, path);

    public FileKind KindOf(string path) => Kind(FullPath(path));

    /// <exception cref="FaultException">There is no such file, or it is no regular file, or it is too large.</exception>
    public string ReadText(string path, long maxBytes, string what)
    {
        CheckLinks(path, what);
        var file = FullPath(path);
        return Kind(file) switch
        {
            FileKind.Missing => throw new FaultException(FaultKind.Configuration, $"{what}: the repository has no {path} on this branch"),
            FileKind.File when new FileInfo(file).Length > maxBytes =>
                throw new FaultException(FaultKind.Configuration, $"{what}: {path} is larger than {maxBytes / 1024} KiB"),
            FileKind.File => Charged(File.ReadAllBytes(file), path),
            _ => throw new FaultException(FaultKind.Configuration, $"{what}: {path} is not a file"),
        };
    }

    /// <summary>Notes a file that the caller has read by other means.</summary>
    public void Note(string path, ReadOnlySpan<byte> content) => _read[path] = Convert.ToHexStringLower(SHA256.HashData(content));

    private string Charged(byte[] content, string path)
    {
        Note(path, content);
        using var reader = new StreamReader(new MemoryStream(content), Encoding.UTF8);
        var text = reader.ReadToEnd();
        budget.Read(text.Length, new TextPlace(path));
        return text;
    }

    private void CheckLinks(string path, string what)
    {
        var current = root;
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            current = Path.Combine(current, segment);
            if (Kind(current) == FileKind.Link)
            {
                throw new FaultException(
                    FaultKind.Configuration, $"{what}: {segment} in {path} is a symbolic link, and links are not followed");
            }
        }
    }

    private static FaultException Outside(string path, string what) =>
        new(FaultKind.Configuration, $"{what}: '{path}' lies outside the repository; name a path within it");

    /// <summary>Finds out what lies at a path, without following a link and without opening anything.</summary>
    public static unsafe FileKind Kind(string path)
    {
        const int CurrentFolder = -100, NoFollow = 0x100, Type = 1, ModeOffset = 28;
        var status = stackalloc byte[256];
        if (StatX(CurrentFolder, path, NoFollow, Type, status) != 0)
        {
            return FileKind.Missing;
        }

        // statx(2): the layout is the same on every architecture; S_IFMT is 0170000.
        return (*(ushort*)(status + ModeOffset) & 0xF000) switch
        {
            0x8000 => FileKind.File,
            0x4000 => FileKind.Folder,
            0xA000 => FileKind.Link,
            _ => FileKind.Other,
        };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* status);
}
