using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// The busybox image with other labels, as an OCI layout with the reference <c>latest</c>. No engine is needed to make one.
/// </summary>
internal static class LabelledImage
{
    public static async Task<string> CreateAsync(
        string folder, IEnumerable<(string Name, string Value)> labels, string? architecture = null, string? layer = null)
    {
        var source = await BaseImage.LayoutAsync();
        var blobs = Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256")).FullName;
        foreach (var blob in Directory.GetFiles(Path.Combine(source, "blobs", "sha256")))
        {
            File.Copy(blob, Path.Combine(blobs, Path.GetFileName(blob)));
        }

        File.Copy(Path.Combine(source, "oci-layout"), Path.Combine(folder, "oci-layout"));
        var index = Read(Path.Combine(source, "index.json"));
        var descriptor = index["manifests"]![0]!;
        var manifest = Read(Blob(blobs, descriptor));
        var config = Read(Blob(blobs, manifest["config"]!));
        config["config"]![
            "Labels"] = new JsonObject([.. labels.Select(label => KeyValuePair.Create<string, JsonNode?>(label.Name, label.Value))]);
        if (architecture is not null)
        {
            config["architecture"] = architecture;
        }

        if (layer is not null)
        {
            await AddLayerAsync(blobs, layer, manifest, config);
        }

        Write(blobs, config, manifest["config"]!);
        Write(blobs, manifest, descriptor);
        await File.WriteAllTextAsync(Path.Combine(folder, "index.json"), index.ToJsonString());
        return folder;
    }

    /// <summary>Adds a tar archive. If it is not compressed, the manifest and the configuration name it by the same digest.</summary>
    private static async Task AddLayerAsync(string blobs, string archive, JsonNode manifest, JsonNode config)
    {
        await using var source = File.OpenRead(archive);
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(source));
        var (unpacked, isPacked) = (digest, archive.EndsWith(".gz", StringComparison.Ordinal));
        if (isPacked)
        {
            source.Position = 0;
            await using var inner = new GZipStream(source, CompressionMode.Decompress, leaveOpen: true);
            unpacked = Convert.ToHexStringLower(await SHA256.HashDataAsync(inner));
        }

        File.Copy(archive, Path.Combine(blobs, digest), overwrite: true);
        manifest["layers"]!.AsArray().Add(new JsonObject
        {
            ["mediaType"] = "application/vnd.oci.image.layer.v1.tar" + (isPacked ? "+gzip" : ""),
            ["digest"] = "sha256:" + digest,
            ["size"] = source.Length,
        });
        config["rootfs"]!["diff_ids"]!.AsArray().Add("sha256:" + unpacked);
        config.AsObject().Remove("history");
    }

    private static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(path))!;

    private static string Blob(string blobs, JsonNode descriptor) =>
        Path.Combine(blobs, ((string)descriptor["digest"]!)["sha256:".Length..]);

    private static void Write(string blobs, JsonNode content, JsonNode descriptor)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(content.ToJsonString());
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        File.WriteAllBytes(Path.Combine(blobs, digest), bytes);
        descriptor["digest"] = "sha256:" + digest;
        descriptor["size"] = bytes.Length;
    }
}
