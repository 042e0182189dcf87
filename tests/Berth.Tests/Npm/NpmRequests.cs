using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary>What npm sends, made by hand, so that a test can send it wrong.</summary>
public static class NpmRequests
{
    /// <summary>A tarball as <c>npm pack</c> makes it.</summary>
    public static byte[] Tarball(string manifest, string path = "package/package.json", byte[]? more = null)
    {
        using var target = new MemoryStream();
        using (var zip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(zip, TarEntryFormat.Pax, leaveOpen: true))
        {
            Write(tar, path, Encoding.UTF8.GetBytes(manifest));
            if (more is not null)
            {
                Write(tar, "package/more", more);
            }
        }

        return target.ToArray();
    }

    /// <summary>As npm does it, the same bytes whenever they are packed.</summary>
    private static void Write(TarWriter tar, string path, byte[] content) => tar.WriteEntry(
        new PaxTarEntry(TarEntryType.RegularFile, path)
        {
            DataStream = new MemoryStream(content),
            ModificationTime = DateTimeOffset.UnixEpoch,
        });

    /// <summary>The document that publishes one version; <paramref name="extra"/> are members of its package.json.</summary>
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

    public static Task<Reply> PublishAsync(
        this Person person, string name, string version = "1.0.0", string extra = "", string tag = "latest") =>
        person.CallAsync("PUT", Path(name), Document(name, version, extra, tag: tag).ToJsonString());

    /// <summary>Where a package is, as npm spells it.</summary>
    public static string Path(string name) => "/npm/" + name.Replace("/", "%2f", StringComparison.Ordinal);

    public static async Task<JsonElement> PackumentAsync(this Person person, string name)
    {
        var reply = await person.CallAsync("GET", Path(name) + "?write=true");
        Assert.True(reply.Status == System.Net.HttpStatusCode.OK, reply.Body);
        return reply.Json;
    }

    public static string Error(this Reply reply) => reply["error"].GetString()!;

    /// <summary>With <c>Accept</c> and without a cache.</summary>
    public static async Task<HttpResponseMessage> FetchAsync(
        this BerthServer server, string path, string? token = null, Action<HttpRequestHeaders>? headers = null)
    {
        using var client = server.Client(token);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        headers?.Invoke(request.Headers);
        return await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, TestContext.Current.CancellationToken);
    }
}
