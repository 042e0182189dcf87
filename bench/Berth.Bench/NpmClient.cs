using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Bench;

/// <summary>The calls to the npm registry that rows consist of.</summary>
internal sealed class NpmClient(ServerProcess server, string root, string? authorization)
{
    private const int Piece = 48 * 1024 * 3;

    public string? Authorization { get; } = authorization;

    /// <summary>The registry's address, with a slash at the end.</summary>
    public string Root => root + "/";

    public static NpmClient Of(ServerProcess server) => server is BerthServer berth
        ? new NpmClient(server, server.Url + "/npm", "Bearer " + berth.UserToken)
        : new NpmClient(server, server.Url, null);

    public string Url(string name) => $"{root}/{name.Replace("/", "%2f", StringComparison.Ordinal)}";

    /// <summary>Publishes what <see cref="WriteDocumentAsync"/> wrote.</summary>
    public async Task PublishAsync(string name, string document, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(document);
        using var content = new StreamContent(file, 128 * 1024);
        await PublishAsync(name, content, cancellationToken);
    }

    public async Task PublishAsync(string name, HttpContent document, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Url(name)) { Content = document };
        document.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (Authorization is not null)
        {
            request.Headers.Authorization = AuthenticationHeaderValue.Parse(Authorization);
        }

        using var response = await server.Http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"publishing {name} answers {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    /// <summary>Writes the body of a publish request, with a tarball of about the given size that cannot be compressed.</summary>
    /// <param name="dependencies">The package's dependencies, as JSON.</param>
    public static async Task WriteDocumentAsync(
        string path, string name, string version, int size, CancellationToken cancellationToken, string dependencies = """{"a":"^1.0.0"}""")
    {
        var manifest =
            $$$"""{"name":"{{{name}}}","version":"{{{version}}}","dependencies":{{{dependencies}}},"engines":{"node":">=20"}}""";
        var tarball = path + ".tgz";
        await WriteTarballAsync(tarball, manifest, size, cancellationToken);
        await using (var bytes = File.OpenRead(tarball))
        {
            var sha512 = Convert.ToBase64String(await SHA512.HashDataAsync(bytes, cancellationToken));
            await using var document = File.Create(path);
            await document.WriteAsync(
                Encoding.UTF8.GetBytes(
                    $$$$"""
                    {"_id":"{{{{name}}}}","name":"{{{{name}}}}","dist-tags":{"latest":"{{{{version}}}}"},"versions":{"{{{{version}}}}":{{{{manifest[..^1]}}}},
                    "_id":"{{{{name}}}}@{{{{version}}}}","dist":{"integrity":"sha512-{{{{sha512}}}}",
                    "tarball":"http://localhost/{{{{name}}}}/-/{{{{name}}}}-{{{{version}}}}.tgz"}}},
                    "_attachments":{"{{{{name}}}}-{{{{version}}}}.tgz":{"content_type":"application/octet-stream","length":{{{{bytes.Length}}}},"data":"
                    """.ReplaceLineEndings("")),
                cancellationToken);
            bytes.Position = 0;
            var piece = new byte[Piece];
            int read;
            while ((read = await bytes.ReadAtLeastAsync(piece, Piece, throwOnEndOfStream: false, cancellationToken)) > 0)
            {
                await document.WriteAsync(Encoding.ASCII.GetBytes(Convert.ToBase64String(piece, 0, read)), cancellationToken);
            }

            await document.WriteAsync("\"}}}"u8.ToArray(), cancellationToken);
        }

        File.Delete(tarball);
    }

    private static async Task WriteTarballAsync(string path, string manifest, int size, CancellationToken cancellationToken)
    {
        await using var file = File.Create(path);
        await using var zip = new GZipStream(file, CompressionLevel.NoCompression);
        await using var tar = new TarWriter(zip, TarEntryFormat.Ustar);
        await WriteAsync("package/package.json", Encoding.UTF8.GetBytes(manifest));
        if (size > 0)
        {
            var content = new byte[size];
            new Random(size).NextBytes(content);
            await WriteAsync("package/content", content);
        }

        async Task WriteAsync(string name, byte[] content) => await tar.WriteEntryAsync(
            new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) }, cancellationToken);
    }
}
