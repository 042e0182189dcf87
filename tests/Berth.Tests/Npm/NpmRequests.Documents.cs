using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Berth.Tests.Npm;

/// <summary>The documents only, which do not depend on a server.</summary>
public static partial class NpmRequests
{
    /// <summary>A tarball in the form of <c>npm pack</c>.</summary>
    public static byte[] Tarball(
        string manifest, string path = "package/package.json", byte[]? more = null, string morePath = "package/more")
    {
        using var target = new MemoryStream();
        using (var zip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(zip, TarEntryFormat.Pax, leaveOpen: true))
        {
            Write(tar, path, Encoding.UTF8.GetBytes(manifest));
            if (more is not null)
            {
                Write(tar, morePath, more);
            }
        }

        return target.ToArray();
    }

    /// <summary>Writes as npm does: the same bytes whenever they are packed.</summary>
    private static void Write(TarWriter tar, string path, byte[] content) => tar.WriteEntry(
        new PaxTarEntry(TarEntryType.RegularFile, path)
        {
            DataStream = new MemoryStream(content),
            ModificationTime = DateTimeOffset.UnixEpoch,
        });

    /// <summary>The document that publishes one version. <paramref name="extra"/> has further members of its package.json.</summary>
    public static JsonObject Document(string name, string version, string extra = "", byte[]? tarball = null, string tag = "latest")
    {
        var manifest = $$"""{"name":"{{name}}","version":"{{version}}"{{extra}}}""";
        tarball ??= Tarball(manifest);
        var described = JsonNode.Parse(manifest)!.AsObject();
        described["_id"] = $"{name}@{version}";
        described["dist"] = new JsonObject
        {
            ["integrity"] = "sha512-" + Convert.ToBase64String(SHA512.HashData(tarball)),
#pragma warning disable CA5350 // npm's sum.
            ["shasum"] = Convert.ToHexStringLower(SHA1.HashData(tarball)),
#pragma warning restore CA5350
            ["tarball"] = $"http://elsewhere.test/{name}/-/{name}-{version}.tgz",
        };
        return new JsonObject
        {
            ["_id"] = name,
            ["name"] = name,
            ["dist-tags"] = new JsonObject { [tag] = version },
            ["versions"] = new JsonObject { [version] = described },
            ["access"] = null,
            ["_attachments"] = new JsonObject
            {
                [$"{name}-{version}.tgz"] = new JsonObject
                {
                    ["content_type"] = "application/octet-stream",
                    ["data"] = Convert.ToBase64String(tarball),
                    ["length"] = tarball.Length,
                },
            },
        };
    }
}
