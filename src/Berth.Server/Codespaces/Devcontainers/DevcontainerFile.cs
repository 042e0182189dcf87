using System.Text.Json;
using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Finds and reads a repository's devcontainer.json (containers.dev, "devcontainer.json": JSON with comments and trailing commas). It is
/// read while no process of the codespace runs, so what was looked at cannot be exchanged in between.
/// </summary>
/// <param name="Path">Within the checkout.</param>
/// <param name="Content">The whole object.</param>
internal sealed partial record DevcontainerFile(string Path, JsonElement Content)
{
    private const long MaxBytes = 1024 * 1024;

    private static readonly JsonDocumentOptions Jsonc = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        MaxDepth = 64,
    };

    /// <param name="checkout">The folder of the clone.</param>
    /// <param name="path">The one that was asked for, within the checkout; null looks at the usual places.</param>
    /// <exception cref="CodespaceFaultException">There is none, or it cannot be read; the message says where and why.</exception>
    public static DevcontainerFile Read(string checkout, string? path)
    {
        path ??= Find(checkout);
        if (!IsPlace(path))
        {
            throw new CodespaceFaultException(
                $"{path} is not a place of a dev container configuration: .devcontainer/devcontainer.json, .devcontainer.json or .devcontainer/FOLDER/devcontainer.json");
        }

        return new DevcontainerFile(path, Parse(Open(checkout, path), path));
    }

    /// <summary>The three places, in their order; of several in folders none is meant until one is named.</summary>
    private static string Find(string checkout)
    {
        foreach (var usual in new[] { ".devcontainer/devcontainer.json", ".devcontainer.json" })
        {
            if (System.IO.Path.Exists(System.IO.Path.Combine(checkout, usual)))
            {
                return usual;
            }
        }

        var folder = new DirectoryInfo(System.IO.Path.Combine(checkout, ".devcontainer"));
        var found = folder is { Exists: true, LinkTarget: null }
            ? folder.GetDirectories().Where(sub => sub.LinkTarget is null && File.Exists(System.IO.Path.Combine(sub.FullName, "devcontainer.json")))
                .Select(sub => $".devcontainer/{sub.Name}/devcontainer.json").Order(StringComparer.Ordinal).ToList()
            : [];
        return found switch
        {
            [var one] => one,
            [] => throw new CodespaceFaultException(
                "the repository has no dev container configuration; add .devcontainer/devcontainer.json with at least {\"image\": \"registry/owner/image:tag\"}"),
            _ => throw new CodespaceFaultException(
                $"the repository has several dev container configurations; name one as devcontainer_path: {string.Join(", ", found)}"),
        };
    }

    /// <summary>Whether a dev container configuration may lie there.</summary>
    public static bool IsPlace(string path) =>
        path is ".devcontainer/devcontainer.json" or ".devcontainer.json" || FolderPlace().IsMatch(path);

    /// <summary>Follows no link: a link in a repository could point at any file of the host.</summary>
    private static byte[] Open(string checkout, string path)
    {
        var current = checkout;
        foreach (var segment in path.Split('/'))
        {
            current = System.IO.Path.Combine(current, segment);
            if (new FileInfo(current).LinkTarget is not null)
            {
                throw new CodespaceFaultException($"{path} cannot be read: {segment} is a symbolic link, and links are not followed");
            }
        }

        var file = new FileInfo(current);
        if (!file.Exists)
        {
            throw new CodespaceFaultException($"the repository has no {path} on this branch");
        }

        return file.Length switch
        {
            // Pipes and devices have no length either, and are never opened.
            0 => throw new CodespaceFaultException($"{path} is empty"),
            > MaxBytes => throw new CodespaceFaultException($"{path} is larger than 1 MiB"),
            _ => File.ReadAllBytes(current),
        };
    }

    private static JsonElement Parse(byte[] bytes, string path)
    {
        var text = bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0);
        try
        {
            using var document = JsonDocument.Parse(text, Jsonc);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new CodespaceFaultException($"{path} must hold a JSON object");
        }
        catch (JsonException exception)
        {
            var place = exception.LineNumber is { } line ? $" (line {line + 1}, column {exception.BytePositionInLine + 1})" : "";
            throw new CodespaceFaultException($"{path} is not valid JSON{place}: {Reason().Match(exception.Message).Value}");
        }
    }

    /// <summary>The runtime's words without the position, which it counts from zero.</summary>
    [GeneratedRegex(@"^.*?(?=( LineNumber:| Path:|\z))", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Reason();

    [GeneratedRegex(@"^\.devcontainer/(?!\.)[^/\\\0]{1,100}/devcontainer\.json\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FolderPlace();
}
