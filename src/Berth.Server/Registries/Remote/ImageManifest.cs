using System.Text.Json;
using System.Text.RegularExpressions;

namespace Berth.Server.Registries.Remote;

/// <summary>An image manifest or index as a stranger sent it, read without trusting it (OCI image-spec 1.1, Docker schema 2).</summary>
internal sealed partial record ImageManifest
{
    /// <summary>Bytes of a manifest or configuration.</summary>
    public const int Largest = 4 * 1024 * 1024;

    private const int MostEntries = 1000;

    private ImageManifest()
    {
    }

    public bool IsIndex { get; private init; }

    /// <summary>Bytes of configuration and layers.</summary>
    public long Size { get; private init; }

    /// <summary>Null unless it is an image's.</summary>
    public string? ConfigDigest { get; private init; }

    /// <summary>Of an index; attestations and what names no platform left out.</summary>
    public IReadOnlyList<string> Platforms => [.. Entries.Select(entry => entry.Platform).Distinct(StringComparer.Ordinal)];

    private IReadOnlyList<(string Platform, string Digest)> Entries { get; init; } = [];

    public static ImageManifest? Parse(byte[] body, string mediaType)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            return mediaType.Contains("index", StringComparison.Ordinal) || mediaType.Contains("manifest.list", StringComparison.Ordinal)
                ? new ImageManifest { IsIndex = true, Entries = EntriesOf(root) }
                : ImageOf(root);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Digest of the first layer whose media type begins so; null when there is none.</summary>
    public static string? LayerOf(byte[] manifest, string type)
    {
        try
        {
            using var document = JsonDocument.Parse(manifest, new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.GetProperty("layers").EnumerateArray().Take(MostEntries)
                .Where(layer => Text(layer, "mediaType")?.StartsWith(type, StringComparison.Ordinal) == true && Text(layer, "digest") is { } digest && IsDigest(digest))
                .Select(layer => Text(layer, "digest")).FirstOrDefault();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    public static bool IsDigest(string text) => DigestGrammar().IsMatch(text);

    /// <summary>An image runs on a host of its system and processor; a host of no stated variant takes every variant.</summary>
    public static bool Fits(string host, string image)
    {
        var (wanted, offered) = (host.Split('/'), image.Split('/'));
        return wanted.Length >= 2 && offered.Length >= 2 && wanted[0] == offered[0] && wanted[1] == offered[1]
            && (wanted.Length < 3 || offered.Length < 3 || wanted[2] == offered[2]);
    }

    /// <summary>The digest of the manifest for a platform; of the first where nobody asks for one.</summary>
    public string? Choose(string? platform) => Entries.Where(entry => platform is null || Fits(platform, entry.Platform)).Select(entry => entry.Digest).FirstOrDefault();

    /// <summary>The platform that an image's configuration states.</summary>
    public static string? PlatformOf(byte[] configuration)
    {
        try
        {
            using var document = JsonDocument.Parse(configuration, new JsonDocumentOptions { MaxDepth = 32 });
            return Platform(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ImageManifest ImageOf(JsonElement root)
    {
        var config = root.TryGetProperty("config", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
        var size = SizeOf(config);
        if (root.TryGetProperty("layers", out var layers) && layers.ValueKind == JsonValueKind.Array)
        {
            foreach (var layer in layers.EnumerateArray().Take(MostEntries))
            {
                size = checked(size + SizeOf(layer));
            }
        }

        var image = Text(config, "mediaType") is "application/vnd.oci.image.config.v1+json" or "application/vnd.docker.container.image.v1+json";
        return new ImageManifest { Size = size, ConfigDigest = image && Text(config, "digest") is { } digest && IsDigest(digest) ? digest : null };
    }

    private static List<(string Platform, string Digest)> EntriesOf(JsonElement root)
    {
        List<(string Platform, string Digest)> entries = [];
        if (root.TryGetProperty("manifests", out var manifests) && manifests.ValueKind == JsonValueKind.Array)
        {
            foreach (var entry in manifests.EnumerateArray().Take(MostEntries))
            {
                if (entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("platform", out var named) && Platform(named) is { } platform
                    && platform != "unknown/unknown" && Text(entry, "digest") is { } digest && IsDigest(digest))
                {
                    entries.Add((platform, digest));
                }
            }
        }

        return entries;
    }

    private static string? Platform(JsonElement element) =>
        Text(element, "os") is { Length: > 0 and < 40 } os && Text(element, "architecture") is { Length: > 0 and < 40 } architecture
            ? RegistryWire.OneLine($"{os}/{architecture}{(Text(element, "variant") is { Length: > 0 and < 40 } variant ? "/" + variant : "")}")
            : null;

    /// <summary>At most 2^40, so that no sum of them overflows.</summary>
    private static long SizeOf(JsonElement descriptor) =>
        descriptor.ValueKind == JsonValueKind.Object && descriptor.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes)
            ? Math.Clamp(bytes, 0, 1L << 40)
            : 0;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DigestGrammar();
}
