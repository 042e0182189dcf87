using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Finds and reads a repository's devcontainer.json (containers.dev, "devcontainer.json": JSON with comments and trailing commas). It is
/// read while no process of the codespace runs, so nobody can replace a file after it was checked.
/// </summary>
internal sealed partial record DevcontainerFile(string Path, JsonElement Content, Checkout Checkout, ReadOnlyMemory<byte> Bytes)
{
    private const long MaxBytes = 1024 * 1024;

    private static readonly JsonDocumentOptions Jsonc = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 64,
    };

    /// <param name="path">A path within the checkout. Null: the usual places are searched.</param>
    /// <exception cref="FaultException">There is no file, or it cannot be read. The message says where and why.</exception>
    public static DevcontainerFile Read(Checkout checkout, string? path)
    {
        path ??= Find(checkout.Root);
        if (path is null)
        {
            return Empty(checkout);
        }

        if (!IsPlace(path))
        {
            throw new FaultException(
                FaultKind.Configuration,
                $"{path} is not a place of a dev container configuration: .devcontainer/devcontainer.json, .devcontainer.json or "
                    + ".devcontainer/FOLDER/devcontainer.json");
        }

        var bytes = Open(checkout.Root, path);
        checkout.Budget.Read(bytes.Length, new TextPlace(path));
        checkout.Note(path, bytes);
        var content = Parse(ref bytes, path, out var repaired);
        var repeated = RepeatedKeys.Find(WithoutMark(bytes), path);
        return new DevcontainerFile(path, repeated.Count == 0 ? content : RepeatedKeys.WithLast(content), checkout, bytes)
        {
            Remarks = repaired is null ? repeated : [repaired, .. repeated],
        };
    }

    /// <summary>
    /// Remarks where the file is read differently from its text: for faulty JSON, and for properties that occur twice, of which the last
    /// counts.
    /// </summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>False when the repository has no configuration, which is read as one that says nothing.</summary>
    public bool Exists { get; private init; } = true;

    /// <summary>The file's folder within the checkout. Relative paths in the file begin there.</summary>
    public string Folder => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('/')] : "";

    /// <summary>The line numbers of the top-level properties.</summary>
    public IReadOnlyDictionary<string, int> Lines => field ??= ReadLines();

    private Dictionary<string, int> ReadLines()
    {
        Dictionary<string, int> lines = new(StringComparer.Ordinal);
        var text = WithoutMark(Bytes.Span);
        var reader = new Utf8JsonReader(text, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        for (var (line, seen) = (1, 0); reader.Read();)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
            {
                line += text[seen..(int)reader.TokenStartIndex].Count((byte)'\n');
                seen = (int)reader.TokenStartIndex;
                lines[reader.GetString()!] = line;
            }
        }

        return lines;
    }

    /// <summary>
    /// The line of a property, given by the names that lead to it. 1 when the property does not exist. If it occurs twice, the last one
    /// counts.
    /// </summary>
    public int LineOf(params string[] path)
    {
        var line = 1;
        var text = WithoutMark(Bytes.Span);
        var reader = new Utf8JsonReader(text, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        for (var found = 0; reader.Read();)
        {
            // At these depths there are only properties of the objects on the path, since other objects are skipped.
            if (reader.TokenType == JsonTokenType.EndObject && found > 0 && reader.CurrentDepth == found)
            {
                found--;
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == found + 1)
            {
                var isOne = reader.ValueTextEquals(path[found]);
                if (isOne && found + 1 == path.Length)
                {
                    line = text[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;
                }

                reader.Read();
                if (isOne && found + 1 < path.Length && reader.TokenType == JsonTokenType.StartObject)
                {
                    found++;
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return line;
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> bytes) => bytes[(bytes.StartsWith("\uFEFF"u8) ? 3 : 0)..];

    /// <summary>All configurations of a checkout: those at the usual places, then those in folders.</summary>
    public static IReadOnlyList<string> All(string checkout) =>
    [
        .. Usual.Where(path => Checkout.Kind(System.IO.Path.Combine(checkout, path)) == FileKind.File && !IsLink(checkout, path)),
        .. InFolders(checkout),
    ];

    /// <summary>Searches the usual places, in order. A configuration in a folder is only used when it is named.</summary>
    /// <returns>Null: there is none.</returns>
    private static string? Find(string checkout)
    {
        foreach (var usual in Usual)
        {
            if (System.IO.Path.Exists(System.IO.Path.Combine(checkout, usual)))
            {
                return usual;
            }
        }

        return InFolders(checkout) switch
        {
            [var one] => one,
            [] => null,
            var several => throw new FaultException(
                FaultKind.Configuration,
                $"the repository has several dev container configurations; name one as devcontainer_path: {string.Join(", ", several)}"),
        };
    }

    /// <summary>A repository without a configuration has one that says nothing, where there is an image for such.</summary>
    private static DevcontainerFile Empty(Checkout checkout) => checkout.Defaults.Image is null
        ? throw new FaultException(
            FaultKind.Configuration,
            "the repository has no dev container configuration; add .devcontainer/devcontainer.json with at least {\"image\": "
                + "\"registry/owner/image:tag\"}")
        : new DevcontainerFile(Usual[0], JsonElement.Parse("{}"), checkout, "{}"u8.ToArray()) { Exists = false };

    private static readonly string[] Usual = [".devcontainer/devcontainer.json", ".devcontainer.json"];

    private static bool IsLink(string checkout, string path) =>
        path.Contains('/', StringComparison.Ordinal)
            && Checkout.Kind(System.IO.Path.Combine(checkout, path[..path.LastIndexOf('/')])) == FileKind.Link;

    private static List<string> InFolders(string checkout)
    {
        var folder = new DirectoryInfo(System.IO.Path.Combine(checkout, ".devcontainer"));
        return folder is { Exists: true, LinkTarget: null }
            ? [.. folder.GetDirectories()
                .Where(
                    sub => sub.LinkTarget is null
                        && Checkout.Kind(System.IO.Path.Combine(sub.FullName, "devcontainer.json")) == FileKind.File)
                .Select(sub => $".devcontainer/{sub.Name}/devcontainer.json").Where(IsPlace).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>True for a path at which a dev container configuration may lie.</summary>
    public static bool IsPlace(string path) =>
        path is ".devcontainer/devcontainer.json" or ".devcontainer.json" || FolderPlace().IsMatch(path);

    /// <summary>Opens a file without following links, since a link in a repository could point at any file of the host.</summary>
    private static byte[] Open(string checkout, string path)
    {
        var current = checkout;
        foreach (var segment in path.Split('/'))
        {
            current = System.IO.Path.Combine(current, segment);
            if (new FileInfo(current).LinkTarget is not null)
            {
                throw new FaultException(
                    FaultKind.Configuration, $"{path} cannot be read: {segment} is a symbolic link, and links are not followed");
            }
        }

        var file = new FileInfo(current);
        if (!file.Exists)
        {
            throw new FaultException(FaultKind.Configuration, $"the repository has no {path} on this branch");
        }

        return file.Length switch
        {
            // Pipes and devices have no length either, so they are refused here and never opened.
            0 => throw new FaultException(FaultKind.Configuration, $"{path} is empty"),
            > MaxBytes => throw new FaultException(FaultKind.Configuration, $"{path} is larger than 1 MiB"),
            _ => File.ReadAllBytes(current),
        };
    }

    /// <param name="bytes">The text of the file. If it is faulty, this becomes the repaired text.</param>
    /// <param name="repaired">A line about the repair. Null: there was none.</param>
    private static JsonElement Parse(ref byte[] bytes, string path, out string? repaired)
    {
        repaired = null;
        try
        {
            return Parse(bytes, path);
        }
        catch (OutsideJsonException exception) when (exception.Fault == OutsideJsonFault.NotJson)
        {
            var place = exception.Line is { } line ? $" (line {line}, column {exception.Column})" : "";
            var fault = $"{path} is not valid JSON{place}: {exception.Message}";
            bytes = RepairedJson.Of(Encoding.UTF8.GetString(bytes)) is { } text
                ? Encoding.UTF8.GetBytes(text)
                : throw new FaultException(FaultKind.Configuration, fault);
            repaired = $"{fault}; it is read as editors read it, which go on behind a fault: mend it";
            return Parse(bytes, path);
        }
        catch (OutsideJsonException)
        {
            throw new FaultException(FaultKind.Configuration, $"{path} contains text that is not Unicode");
        }
    }

    private static JsonElement Parse(byte[] bytes, string path)
    {
        using var document = OutsideJson.Parse(bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0), Jsonc);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document.RootElement.Clone()
            : throw new FaultException(FaultKind.Configuration, $"{path} must hold a JSON object");
    }

    [GeneratedRegex(@"^\.devcontainer/(?!\.)[^/\\\0]{1,100}/devcontainer\.json\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FolderPlace();
}
