using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Berth.Server.Codespaces.Features;
using Berth.Server.Faults;
using Berth.Tests.Registries.Remote;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Codespaces.Features;

/// <summary>A feature that is named by the URL of its archive.</summary>
public sealed class FetchFeatureArchiveTests : IAsyncLifetime
{
    private TestInternet _internet = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _internet = await TestInternet.StartAsync();
        _internet.Serve("files.test", http => AnswerAsync(http.Response, http.Request.Path));
    }

    public ValueTask DisposeAsync() => _internet.DisposeAsync();

    [Theory]
    [InlineData("/devcontainer-feature-hello.tgz")]
    [InlineData("/moved")]
    public async Task It_is_what_lies_there_today(string path)
    {
        var name = Name(path);
        var (archive, digest) = await FetchAsync(name);
        Assert.Equal(("{\"id\":\"hello\"}", true), FeatureArchive.Look(archive, name));
        Assert.StartsWith("sha256:", digest, StringComparison.Ordinal);
        Assert.All(_internet.Requests, request => Assert.Null(request.Authorization));
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("/gone", "files.test answers 404")]
    [InlineData("/round", "redirects to where it is not fetched from, or too often")]
    [InlineData("/plain", "redirects to where it is not fetched from")]
    [InlineData("/endless", "it is larger than 16 MiB")]
    public async Task What_cannot_be_had_is_said(string path, string reason)
    {
        var fault = await Assert.ThrowsAsync<FaultException>(() => FetchAsync(Name(path)));
        Assert.StartsWith($"the feature https://files.test{path} cannot be had: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    private async Task<(byte[] Archive, string Digest)> FetchAsync(FeatureName name)
    {
        using var http = _internet.Http();
        return await new FetchFeatureArchive(http, TimeProvider.System).RunAsync(name, Token);
    }

    private static FeatureName Name(string path) =>
        FeatureName.Parse("https://files.test" + path, Budgets.Checkout("/nonexistent"), "", "devcontainer.json");

    private static async Task AnswerAsync(HttpResponse response, string path)
    {
        switch (path)
        {
            case "/devcontainer-feature-hello.tgz":
                await response.Body.WriteAsync(Packed(), Token);
                break;
            case "/moved":
                response.Redirect("/devcontainer-feature-hello.tgz");
                break;
            case "/round":
                response.Redirect("/round");
                break;
            case "/plain":
                response.Redirect("http://files.test/devcontainer-feature-hello.tgz");
                break;
            case "/endless":
                var piece = new byte[1 << 20];
                while (!response.HttpContext.RequestAborted.IsCancellationRequested)
                {
                    await response.Body.WriteAsync(piece, response.HttpContext.RequestAborted);
                }

                break;
            default:
                response.StatusCode = 404;
                break;
        }
    }

    private static byte[] Packed()
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var (file, text) in new[] { ("devcontainer-feature.json", "{\"id\":\"hello\"}"), ("install.sh", "true") })
            {
                tar.WriteEntry(
                    new PaxTarEntry(TarEntryType.RegularFile, "./" + file) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        return stream.ToArray();
    }
}
