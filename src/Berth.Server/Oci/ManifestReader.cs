using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Berth.Server.Json;

namespace Berth.Server.Oci;

/// <summary>
/// Reads manifests: image-spec manifest.md and image-index.md, Docker's manifest-v2-2. What is to be stored here is read strictly: it is
/// refused if two readers could understand it differently (duplicate members, an image that is also an index, a type that contradicts the
/// content). What another registry answers is read leniently, since nobody here can change it: parts that make no sense are left out. Both
/// ways accept unknown members.
/// </summary>
internal sealed class ManifestReader
{
    public const string SourceAnnotation = "org.opencontainers.image.source";

    /// <summary>The limit in bytes for a manifest or configuration that is read from another registry.</summary>
    public const int Largest = 4 * 1024 * 1024;

    private const string BaseDigestAnnotation = "org.opencontainers.image.base.digest";
    private const string BaseNameAnnotation = "org.opencontainers.image.base.name";
    private const string Schema1 = "Docker's schema 1 is not supported; build the image with a current docker, or convert it: skopeo copy "
        + "--format v2s2";
    private const int Deepest = 32;
    private const int MostDescriptors = 10_000;

    /// <summary>
    /// More than any digest has, and more than RFC 6838 section 4.2 allows for a media type. These texts become rows and answers, and
    /// PostgreSQL does not store NUL.
    /// </summary>
    private const int LongestText = 255;
    private readonly bool _strict;

    private ManifestReader(bool strict) => _strict = strict;

    /// <param name="contentType">The request's <c>Content-Type</c> without parameters. Null: none was sent, and the content says
    /// it.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> content, string? contentType,
        [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out string? wrong) =>
        new ManifestReader(strict: true).Try(content, contentType, out manifest, out wrong);

    /// <param name="contentType">The type that the registry gives. If that is no manifest's type, the content says it.</param>
    public static bool TryReadLenient(
        ReadOnlyMemory<byte> content, string? contentType,
        [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out string? wrong) =>
        new ManifestReader(strict: false).Try(content, contentType, out manifest, out wrong);

    private bool Try(
        ReadOnlyMemory<byte> content, string? contentType,
        [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out string? wrong)
    {
        (manifest, wrong) = (null, null);
        try
        {
            using var document = OutsideJson.Parse(content,
                new JsonDocumentOptions { MaxDepth = Deepest, AllowDuplicateProperties = !_strict });
            manifest = Read(document.RootElement, contentType);
            return true;
        }
        catch (OutsideJsonException exception)
        {
            // Report a wrong content type first, since it matters more than a fault in the JSON.
            wrong = _strict && TypeFault(contentType) is { } fault ? fault
                : exception.Fault == OutsideJsonFault.NotText ? exception.Message
                    : $"it is not acceptable JSON: {exception.Message.TrimEnd('.')}";
        }
        catch (WrongManifestException exception)
        {
            wrong = exception.Message;
        }

        return false;
    }

    private Manifest Read(JsonElement root, string? contentType)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new WrongManifestException((_strict ? TypeFault(contentType) : null) ?? "it is not a JSON object");
        }

        return _strict ? ReadStrictly(root, contentType) : ReadLeniently(root, contentType);
    }

    private Manifest ReadStrictly(JsonElement root, string? contentType)
    {
        var schema = root.TryGetProperty("schemaVersion", out var version) && version.ValueKind == JsonValueKind.Number
            && version.TryGetInt32(out var number) ? number : 0;
        if (schema == 1)
        {
            throw new WrongManifestException(Schema1);
        }

        RefuseType(contentType);
        if (schema != 2)
        {
            throw new WrongManifestException("schemaVersion must be 2");
        }

        var stated = Text(root, "mediaType");
        RefuseType(stated);
        var type = contentType ?? stated
            ?? throw new WrongManifestException("neither the Content-Type header nor the member mediaType says what it is");
        if (stated is not null && stated != type)
        {
            throw new WrongManifestException($"the Content-Type is {type}, the member mediaType is {stated}");
        }

        if (MediaTypes.IsIndex(type) && (root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _)))
        {
            throw new WrongManifestException("an index has no members config and layers; an image manifest has");
        }

        if (!MediaTypes.IsIndex(type) && root.TryGetProperty("manifests", out _))
        {
            throw new WrongManifestException("an image manifest has no member manifests; an index has one");
        }

        var manifest = ReadAs(type, root);
        RequireOneSize(manifest.IsIndex ? manifest.Entries.Where(entry => MediaTypes.IsManifest(entry.MediaType)) : []);
        RequireOneSize(manifest.IsIndex
            ? manifest.Entries.Where(entry => !MediaTypes.IsManifest(entry.MediaType))
            : manifest.Layers.Where(layer => !MediaTypes.IsForeign(layer.MediaType)).Prepend(manifest.Config!));
        return manifest;
    }

    private Manifest ReadLeniently(JsonElement root, string? contentType)
    {
        var type = MediaTypes.IsManifest(contentType) ? contentType : root.TextOf("mediaType");
        if (!MediaTypes.IsManifest(type))
        {
            type = root.TryGetProperty("manifests", out _) ? MediaTypes.OciIndex : MediaTypes.OciManifest;
        }

        return ReadAs(type, root);
    }

    private Manifest ReadAs(string type, JsonElement root)
    {
        Descriptor? config = null;
        List<Descriptor> layers = [];
        List<Descriptor> entries = [];
        if (MediaTypes.IsIndex(type))
        {
            entries = List(root, "manifests");
        }
        else
        {
            config = root.TryGetProperty("config", out var element) ? ReadDescriptor(element, "config")
                : _strict ? throw new WrongManifestException("config is missing") : null;
            layers = List(root, "layers");
        }

        var subject = root.TryGetProperty("subject", out var named) && named.ValueKind != JsonValueKind.Null
            ? ReadDescriptor(named, "subject") : null;
        var annotations = Annotations(root);
        return new Manifest
        {
            MediaType = type,
            ArtifactType = Text(root, "artifactType") is { Length: > 0 } artifactType ? artifactType : config?.MediaType,
            Subject = subject?.Digest,
            Annotations = annotations?.GetRawText(),
            Source = annotations?.TextOf(SourceAnnotation),
            Base = Digest.TryParse(annotations?.TextOf(BaseDigestAnnotation), out var digest)
                ? new BaseImage(digest, Repository(annotations?.TextOf(BaseNameAnnotation)))
                : null,
            Config = config,
            Layers = layers,
            Entries = entries,
        };
    }

    private static string? Repository(string? image) =>
        image is not null && ImageReference.TryParse(image, out var reference, out _) ? reference.Repository.ToLowerInvariant() : null;

    /// <summary>A list that Go wrote as null counts as empty.</summary>
    private List<Descriptor> List(JsonElement root, string name)
    {
        List<Descriptor> descriptors = [];
        if (!root.TryGetProperty(name, out var list))
        {
            return _strict ? throw new WrongManifestException($"{name} is missing") : descriptors;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            return list.ValueKind == JsonValueKind.Null || !_strict ? descriptors
                : throw new WrongManifestException($"{name} must be a list");
        }

        if (list.GetArrayLength() > MostDescriptors)
        {
            throw new WrongManifestException($"{name} has more than {MostDescriptors} entries");
        }

        var index = 0;
        foreach (var element in list.EnumerateArray())
        {
            if (ReadDescriptor(element, $"{name}[{index++}]") is { } descriptor)
            {
                descriptors.Add(descriptor);
            }
        }

        return descriptors;
    }

    /// <summary>Null for a wrong one that is tolerated.</summary>
    private Descriptor? ReadDescriptor(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return _strict ? throw new WrongManifestException($"{where} must be a descriptor, an object") : null;
        }

        var type = Text(element, "mediaType", where) ?? "";
        if (_strict && type.Length == 0)
        {
            throw new WrongManifestException($"{where}.mediaType is missing");
        }

        if (!Digest.TryParse(Text(element, "digest", where), out var digest))
        {
            return _strict ? throw new WrongManifestException($"{where}.digest is missing or wrong: {Digest.Rule}") : null;
        }

        var sized = element.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number
            && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : -1;
        if (_strict && sized < 0)
        {
            throw new WrongManifestException($"{where}.size must be a number of bytes");
        }

        var platform = element.ObjectOf("platform");
        return new Descriptor(type, digest, Math.Max(0, sized)) { Platform = Platform.Of(platform) };
    }

    private JsonElement? Annotations(JsonElement root)
    {
        if (!root.TryGetProperty("annotations", out var annotations) || annotations.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (annotations.ValueKind != JsonValueKind.Object
            || annotations.EnumerateObject().Any(member => member.Value.ValueKind != JsonValueKind.String))
        {
            return _strict ? throw new WrongManifestException("annotations must be an object of strings") : null;
        }

        return annotations;
    }

    private string? Text(JsonElement element, string name, string? where = null)
    {
        var text = element.TextOf(name);
        if (!_strict)
        {
            return text;
        }

        var path = where is null ? name : $"{where}.{name}";
        if (text is null)
        {
            return !element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null
                ? null : throw new WrongManifestException($"{path} must be a string");
        }

        return text.Length <= LongestText && !text.Any(char.IsControl)
            ? text
            : throw new WrongManifestException($"{path} may have at most {LongestText} characters, none of them a control character");
    }

    /// <summary>A digest may appear in several places, but with only one size.</summary>
    private static void RequireOneSize(IEnumerable<Descriptor> descriptors)
    {
        Dictionary<Digest, long> sizes = [];
        foreach (var descriptor in descriptors)
        {
            if (!sizes.TryAdd(descriptor.Digest, descriptor.Size) && sizes[descriptor.Digest] != descriptor.Size)
            {
                throw new WrongManifestException(
                    $"{descriptor.Digest} is given two sizes, {sizes[descriptor.Digest]} and {descriptor.Size}");
            }
        }
    }

    private static void RefuseType(string? type)
    {
        if (TypeFault(type) is { } wrong)
        {
            throw new WrongManifestException(wrong);
        }
    }

    private static string? TypeFault(string? type) => type switch
    {
        null => null,
        _ when MediaTypes.IsSchema1(type) => Schema1,
        _ when MediaTypes.IsManifest(type) => null,
        _ =>
            $"{type} is not a manifest's media type; these "
                + $"are: {MediaTypes.OciManifest}, {MediaTypes.OciIndex}, {MediaTypes.DockerManifest}, {MediaTypes.DockerList}",
    };

    /// <summary>Ends the reading from wherever the fault is found.</summary>
    private sealed class WrongManifestException(string wrong) : Exception(wrong);
}
