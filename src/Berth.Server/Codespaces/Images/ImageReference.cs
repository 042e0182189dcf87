using System.Text.RegularExpressions;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// An image as a configuration names it, with its registry: <c>host[:port]/path[:tag][@digest]</c>. A name without a registry and an image id
/// are no references here: they would mean whatever happens to lie on the engine.
/// </summary>
internal sealed partial record ImageReference
{
    private const int Longest = 512;

    private ImageReference(string registry, string path, string? tag, string? digest)
    {
        Registry = registry;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary><c>host[:port]</c> as written, in lower case.</summary>
    public string Registry { get; }

    /// <summary>Without registry, tag and digest: <c>acme/app-dev</c>.</summary>
    public string Path { get; }

    public string? Tag { get; }

    public string? Digest { get; }

    public string Repository => $"{Registry}/{Path}";

    /// <summary>What to ask the registry for.</summary>
    public string Reference => Digest ?? Tag ?? "latest";

    /// <summary>The host without its port.</summary>
    public string Host => Registry.LastIndexOf(':') is var colon && colon > Registry.LastIndexOf(']') ? Registry[..colon] : Registry;

    /// <summary><paramref name="fault"/> says what is wrong and what to write instead.</summary>
    public static bool TryParse(
        string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ImageReference? image, out string fault)
    {
        image = null;
        fault = "";
        if (text.Length > Longest || IdGrammar().IsMatch(text) || !Grammar().IsMatch(text))
        {
            fault = text.Length <= Longest && IdGrammar().IsMatch(text)
                ? $"'{text}' is an image id; name the image with its registry"
                : $"'{text}' is not an image reference such as registry.example/owner/image:tag";
            return false;
        }

        var match = Grammar().Match(text);
        var (name, tag, digest) = (match.Groups["name"].Value, match.Groups["tag"], match.Groups["digest"]);
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        if (!first.Contains('.', StringComparison.Ordinal) && !first.Contains(':', StringComparison.Ordinal) && first != "localhost")
        {
            var hub = slash < 0 ? "library/" + text : text;
            fault = $"'{text}' names no registry; an image of Docker Hub is written docker.io/{hub}";
            return false;
        }

        var path = name[(slash + 1)..];
        if (!PathGrammar().IsMatch(path))
        {
            fault = $"'{text}' is not an image reference: names are lower case letters and digits, separated by . _ - and /";
            return false;
        }

        image = new ImageReference(first.ToLowerInvariant(), path, tag.Success ? tag.Value : null, digest.Success ? digest.Value : null);
        return true;
    }

    /// <summary>Pinned: from here on the tag may move without consequence.</summary>
    public string At(string digest) => $"{Repository}@{digest}";

    public override string ToString() => Repository + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    [GeneratedRegex(@"^(?<name>[A-Za-z0-9\[][A-Za-z0-9._:/\[\]-]*?)(:(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Grammar();

    [GeneratedRegex(@"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PathGrammar();

    [GeneratedRegex(@"^(sha256:)?[0-9a-f]{12,64}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex IdGrammar();
}
