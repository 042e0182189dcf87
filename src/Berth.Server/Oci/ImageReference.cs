using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Berth.Server.Oci;

/// <summary>An image as people and files write it: <c>host[:port]/path[:tag][@digest]</c>.</summary>
internal sealed partial record ImageReference
{
    private const int Longest = 512;

    private ImageReference(string registry, RegistryHost host, ImagePath path, Tag? tag, Digest? digest)
    {
        Registry = registry;
        Host = host;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary><c>host[:port]</c> as written, in lower case. All names of Docker Hub become one.</summary>
    public string Registry { get; }

    /// <summary>The same in its canonical form.</summary>
    public RegistryHost Host { get; }

    /// <summary>The path as written, such as <c>acme/app-dev</c>. Docker Hub's own images get their account.</summary>
    public ImagePath Path { get; }

    public Tag? Tag { get; }

    public Digest? Digest { get; }

    /// <summary>Without tag and digest.</summary>
    public string Repository => $"{Registry}/{Path}";

    /// <summary>The tag or digest to ask the registry for.</summary>
    public Reference Reference => Digest is null ? Reference.Of(Tag ?? Tag.Latest) : Reference.Of(Digest);

    /// <summary>Parses as docker does: a name without a registry belongs to Docker Hub.</summary>
    /// <inheritdoc cref="TryParse(string, RegistryHost, out ImageReference?, out string)"/>
    public static bool TryParse(string text, [NotNullWhen(true)] out ImageReference? image, out string fault) =>
        TryParse(text, RegistryHost.OfDockerHub, out image, out fault);

    /// <summary>
    /// Parses as docker does. A name without a registry belongs to Docker Hub, and to its <c>library</c> if it names no account either. An
    /// image id is refused, since it would mean whatever the engine happens to have.
    /// </summary>
    /// <param name="unnamed">The registry for names without one: Docker Hub, or what replaces it.</param>
    /// <param name="fault">What is wrong, and what to write instead.</param>
    public static bool TryParse(
        string text, RegistryHost unnamed, [NotNullWhen(true)] out ImageReference? image, out string fault)
    {
        image = null;
        fault = $"'{text}' is not an image reference such as registry.example/owner/image:tag";
        if (text.Length > Longest)
        {
            return false;
        }

        if (IdGrammar().IsMatch(text))
        {
            fault = $"'{text}' is an image id; name the image with its registry";
            return false;
        }

        if (Parts.Of(text) is not { } parts)
        {
            return false;
        }

        var host = unnamed;
        if (parts.Registry is not null && !RegistryHost.TryParse(parts.Registry, out host))
        {
            return false;
        }

        // A mirror of Docker Hub has the official images below the same account.
        var official = (parts.Registry is null || host.IsDockerHub) && !parts.Path.Contains('/', StringComparison.Ordinal);
        if (!ImagePath.TryParse(official ? "library/" + parts.Path : parts.Path, out var path))
        {
            fault = $"'{text}' is not an image reference: names are lower case letters and digits, separated by . _ - and /";
            return false;
        }

        var registry = parts.Registry is null || host.IsDockerHub ? host.Value : parts.Registry.ToLowerInvariant();
        image = new ImageReference(registry, host, path, parts.Tag, parts.Digest);
        return true;
    }

    /// <summary>The image pinned by its digest, so that the tag may move from here on.</summary>
    public string At(Digest digest) => $"{Repository}@{digest}";

    public override string ToString() => Repository + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>The parts of a reference. The tag begins at the last colon behind the last slash, the digest at the sign @.</summary>
    private sealed record Parts(string? Registry, string Path, Tag? Tag, Digest? Digest)
    {
        /// <summary>Null when the text does not look like a reference.</summary>
        public static Parts? Of(string text)
        {
            var at = text.IndexOf('@', StringComparison.Ordinal);
            var name = at < 0 ? text : text[..at];
            Digest? digest = null;
            if (at >= 0 && !Digest.TryParse(text[(at + 1)..], out digest))
            {
                return null;
            }

            var colon = name.LastIndexOf(':');
            Tag? tag = null;
            if (colon > name.LastIndexOf('/'))
            {
                if (!Tag.TryParse(name[(colon + 1)..], out tag))
                {
                    return null;
                }

                name = name[..colon];
            }

            if (!NameGrammar().IsMatch(name))
            {
                return null;
            }

            var slash = name.IndexOf('/', StringComparison.Ordinal);
            return slash > 0 && RegistryHost.LooksLikeOne(name[..slash])
                ? new Parts(name[..slash], name[(slash + 1)..], tag, digest)
                : new Parts(null, name, tag, digest);
        }
    }

    /// <summary>The characters that host and path may have. Their own grammars check the rest.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9\[][A-Za-z0-9._:/\[\]-]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex NameGrammar();

    [GeneratedRegex(@"^(sha256:)?[0-9a-f]{12,64}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex IdGrammar();
}
