using System.Formats.Tar;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Registries.Remote;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Berth.Tests.Codespaces.Builds;

/// <summary>Files that ADD names by URL, fetched from the test's own web server.</summary>
public sealed class FetchRemoteFilesTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-fetched-").FullName;
    private readonly WebApplication _web;

    public FetchRemoteFilesTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _web = builder.Build();
        _web.MapGet("/file", (HttpContext http) =>
        {
            http.Response.Headers.LastModified = "Wed, 21 Oct 2015 07:28:00 GMT";
            return "content";
        });
        _web.MapGet("/moved", () => Results.Redirect("/file"));
        _web.MapGet("/round", () => Results.Redirect("/round"));
        _web.MapGet("/inside", () => Results.Redirect("http://169.254.169.254/latest"));
        _web.MapGet("/local", () => Results.Redirect("file:///etc/passwd"));
        _web.MapGet("/large", (HttpContext http) => http.Response.ContentLength = FetchRemoteFiles.MostBytes + 1);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _web.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("/file")]
    [InlineData("/moved")]
    public async Task It_comes_with_its_mode_and_the_time_of_its_last_change(string path)
    {
        var file = Assert.Single(await FetchAsync(path, Digest.OfContent(Digest.Sha256, "content"u8)));
        using var stream = new MemoryStream();
        await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            await file.WriteAsync(tar, Token);
        }

        stream.Position = 0;
        using var reader = new TarReader(stream);
        var entry = reader.GetNextEntry(copyData: true)!;
        Assert.Equal((".berth-add/0/file", UnixFileMode.UserRead), (entry.Name, entry.Mode));
        Assert.Equal(new DateTimeOffset(2015, 10, 21, 7, 28, 0, TimeSpan.Zero), entry.ModificationTime);
        Assert.Equal("content", await new StreamReader(entry.DataStream!).ReadToEndAsync(Token));
    }

    [Theory]
    [InlineData("/gone", "127.0.0.1 answers 404")]
    [InlineData("/round", "redirects to where it is not fetched from, or too often")]
    [InlineData("/local", "redirects to where it is not fetched from")]
    [InlineData("/inside", "is not a globally routable address of another machine")]
    [InlineData("/large", "more than 2 GiB")]
    public async Task What_cannot_be_had_is_named_with_its_line(string path, string reason)
    {
        var fault = await Assert.ThrowsAsync<FaultException>(() => FetchAsync(path, null));
        Assert.StartsWith("Dockerfile line 3: ADD http", fault.Message, StringComparison.Ordinal);
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_content_than_the_checksum_says_is_refused() => Assert.Contains(
        "its content is sha256:ed7002b4",
        (await Assert.ThrowsAsync<FaultException>(() => FetchAsync("/file", Digest.OfContent(Digest.Sha256, "other"u8)))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task An_address_of_the_servers_own_network_is_not_reached() => Assert.Contains(
        "is not a globally routable address of another machine",
        (await Assert.ThrowsAsync<FaultException>(() => FetchAsync("/file", null, allowed: ""))).Message, StringComparison.Ordinal);

    private async Task<IReadOnlyList<FetchedFile>> FetchAsync(string path, Digest? checksum, string allowed = "127.0.0.0/8")
    {
        var outgoing = new OutgoingOptions { AllowedNetworks = allowed };
        using var http = new RemoteHttp(outgoing, new OutgoingNetworks(outgoing), TimeProvider.System);
        var remote = new RemoteFile(
            ".berth-add/0/file", new Uri(_web.Urls.Single() + path), checksum, UnixFileMode.UserRead, new TextPlace("Dockerfile", 3));
        return await new FetchRemoteFiles(http, TimeProvider.System).RunAsync(Path.Combine(_folder, "added"), [remote], _ => { }, Token);
    }
}
