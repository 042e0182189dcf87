using System.Text.Json;
using System.Text.Unicode;
using Berth.Server.Http;
using Berth.Server.Oci;

namespace Berth.Server.Registry.Manifests;

/// <summary>
/// Reads a pushed manifest: image-spec manifest.md and image-index.md, Docker's manifest-v2-2. Strict where two readers could understand
/// two things (duplicate members, an image that is also an index, a type against its content), tolerant of members it does not know.
/// </summary>
internal sealed class ManifestReader
{
    private const int Deepest = 32;
    private const int MostDescriptors = 10_000;

    /// <summary>More than any digest, and than RFC 6838 section 4.2 lets a media type have. They become rows and answers, and PostgreSQL stores no NUL.</summary>
    private const int LongestText = 255;
    private const string SourceAnnotation = "org.opencontainers.image.source";
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = Deepest, AllowDuplicateProperties = false };
    private readonly Dictionary<Digest, long> _blobs = [];
    private readonly Dictionary<Digest, long> _children = [];

    private ManifestReader()
    {
    }

    /// <param name="content">The bytes.</param>
    /// <param name="contentType">The request's <c>Content-Type</c> without parameters; null where none was sent, then the content says it.</param>
    /// <exception cref="ApiException">400 <c>MANIFEST_INVALID</c>, with what is wrong.</exception>
    public static Manifest Read(ReadOnlyMemory<byte> content, string? contentType)
    {
        RefuseType(contentType, content);
        if (!Utf8.IsValid(content.Span))
        {
            throw Invalid("it is not acceptable JSON: it is not UTF-8");
        }

        try
        {
            using var document = JsonDocument.Parse(content, Strict);
            return new ManifestReader().ReadRoot(document.RootElement, contentType);
        }
        catch (JsonException exception)
        {
            throw Invalid($"it is not acceptable JSON: {Words(exception)}");
        }
        catch (InvalidOperationException)
        {
            // A string that is not Unicode text: an escaped half of a surrogate pair.
            throw Invalid("a string in it is not valid Unicode");
        }
    }

    private Manifest ReadRoot(JsonElement root, string? contentType)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("it is not a JSON object");
        }

        if (IsSchema1(root))
        {
            throw Schema1();
        }

        if (!root.TryGetProperty("schemaVersion", out var version) || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var schema) || schema != 2)
        {
            throw Invalid("schemaVersion must be 2");
        }

        var stated = Text(root, "mediaType");
        RefuseType(stated);
        var type = contentType ?? stated ?? throw Invalid("neither the Content-Type header nor the member mediaType says what it is");
        if (stated is not null && stated != type)
        {
            throw Invalid($"the Content-Type is {type}, the member mediaType is {stated}");
        }

        var (config, subject) = MediaTypes.IsIndex(type) ? ReadIndex(root) : ReadImage(root);
        var annotations = Annotations(root);
        return new Manifest
        {
            MediaType = type,
            ArtifactType = Text(root, "artifactType") is { Length: > 0 } artifactType ? artifactType : config?.MediaType,
            Subject = subject,
            Annotations = annotations?.GetRawText(),
            Source = annotations is { } members && members.TryGetProperty(SourceAnnotation, out var source) ? source.GetString() : null,
            ImageConfig = MediaTypes.IsImageConfig(config?.MediaType) ? config!.Digest : null,
            Blobs = _blobs,
            Children = _children,
        };
    }

    private (Descriptor? Config, Digest? Subject) ReadImage(JsonElement root)
    {
        if (root.TryGetProperty("manifests", out _))
        {
            throw Invalid("an image manifest has no member manifests; an index has one");
        }

        if (!root.TryGetProperty("config", out var configElement))
        {
            throw Invalid("config is missing");
        }

        var config = ReadDescriptor(configElement, "config");
        Require(_blobs, config);
        foreach (var layer in List(root, "layers"))
        {
            if (!MediaTypes.IsForeign(layer.MediaType))
            {
                Require(_blobs, layer);
            }
        }

        return (config, Subject(root));
    }

    private (Descriptor? Config, Digest? Subject) ReadIndex(JsonElement root)
    {
        if (root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _))
        {
            throw Invalid("an index has no members config and layers; an image manifest has");
        }

        foreach (var entry in List(root, "manifests"))
        {
            // BuildKit's registry cache is an index of layers: what is no manifest is a blob.
            Require(MediaTypes.IsManifest(entry.MediaType) ? _children : _blobs, entry);
        }

        return (null, Subject(root));
    }

    /// <summary>A digest may stand in several places, and has one size.</summary>
    private static void Require(Dictionary<Digest, long> content, Descriptor descriptor)
    {
        if (!content.TryAdd(descriptor.Digest, descriptor.Size) && content[descriptor.Digest] != descriptor.Size)
        {
            throw Invalid($"{descriptor.Digest} is given two sizes, {content[descriptor.Digest]} and {descriptor.Size}");
        }
    }

    private static Digest? Subject(JsonElement root) =>
        root.TryGetProperty("subject", out var subject) && subject.ValueKind != JsonValueKind.Null ? ReadDescriptor(subject, "subject").Digest : null;

    /// <summary>A list that Go wrote as null is empty.</summary>
    private static IEnumerable<Descriptor> List(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var list))
        {
            throw Invalid($"{name} is missing");
        }

        if (list.ValueKind == JsonValueKind.Null)
        {
            yield break;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw Invalid($"{name} must be a list");
        }

        if (list.GetArrayLength() > MostDescriptors)
        {
            throw Invalid($"{name} has more than {MostDescriptors} entries");
        }

        var index = 0;
        foreach (var element in list.EnumerateArray())
        {
            yield return ReadDescriptor(element, $"{name}[{index++}]");
        }
    }

    private static Descriptor ReadDescriptor(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Invalid($"{where} must be a descriptor, an object");
        }

        if (Text(element, "mediaType", where) is not { Length: > 0 } type)
        {
            throw Invalid($"{where}.mediaType is missing");
        }

        if (!Digest.TryParse(Text(element, "digest", where), out var digest))
        {
            throw Invalid($"{where}.digest is missing or wrong: {RegistryErrors.DigestRule}");
        }

        if (!element.TryGetProperty("size", out var size) || size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out var bytes) || bytes < 0)
        {
            throw Invalid($"{where}.size must be a number of bytes");
        }

        return new Descriptor(type, digest, bytes);
    }

    private static JsonElement? Annotations(JsonElement root)
    {
        if (!root.TryGetProperty("annotations", out var annotations) || annotations.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (annotations.ValueKind != JsonValueKind.Object || annotations.EnumerateObject().Any(member => member.Value.ValueKind != JsonValueKind.String || member.Value.GetString() is null))
        {
            throw Invalid("annotations must be an object of strings");
        }

        return annotations;
    }

    private static string? Text(JsonElement element, string name, string? where = null)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var path = where is null ? name : $"{where}.{name}";
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Invalid($"{path} must be a string");
        return text.Length <= LongestText && !text.Any(char.IsControl)
            ? text
            : throw Invalid($"{path} may have at most {LongestText} characters, none of them a control character");
    }

    /// <param name="type">What the header or the content says it is; null where it says nothing.</param>
    /// <param name="content">Where the header says it: schema 1 had no media type of its own at first, and comes as <c>application/json</c>.</param>
    private static void RefuseType(string? type, ReadOnlyMemory<byte> content = default)
    {
        if (type is null || MediaTypes.IsManifest(type))
        {
            return;
        }

        if (MediaTypes.IsSchema1(type) || SaysSchema1(content))
        {
            throw Schema1();
        }

        throw Invalid(
            $"{type} is not a manifest's media type; these are: {MediaTypes.OciManifest}, {MediaTypes.OciIndex}, {MediaTypes.DockerManifest}, {MediaTypes.DockerList}");
    }

    private static bool SaysSchema1(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = JsonDocument.Parse(content, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object && IsSchema1(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsSchema1(JsonElement root) =>
        root.TryGetProperty("schemaVersion", out var version) && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var schema) && schema == 1;

    private static ApiException Schema1() =>
        Invalid("Docker's schema 1 is not supported; build the image with a current docker, or convert it: skopeo copy --format v2s2");

    /// <summary>The reader's message, without .NET's own member names.</summary>
    private static string Words(JsonException exception)
    {
        var end = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end > 0 ? exception.Message[..end].TrimEnd('.', ' ') : exception.Message.TrimEnd('.');
    }

    private static ApiException Invalid(string detail) => new(RegistryErrors.ManifestInvalid.With(detail));

    private sealed record Descriptor(string MediaType, Digest Digest, long Size);
}
