using System.Text;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Registries.Remote;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Registries.Remote;

/// <summary>Manifests and blobs of another registry, as an import or a cache reads them.</summary>
public sealed class RemoteContentTests : IAsyncLifetime
{
    private const string Host = "registry.example.org";
    private static readonly byte[] Content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 50_000)));
    private static readonly Digest Expected = Digest.OfContent(Digest.Sha256, Content);
    private TestInternet? _internet;

    private TestInternet Internet => _internet!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _internet = await TestInternet.StartAsync();

    public async ValueTask DisposeAsync() => await Internet.DisposeAsync();

    [Fact]
    public async Task A_blob_is_read_while_it_is_still_being_sent()
    {
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ServeBlob(async http =>
        {
            await http.Response.Body.WriteAsync(Content.AsMemory(0, 1000), Cancel);
            await http.Response.Body.FlushAsync(Cancel);

            // Send the rest only when the client has read the beginning.
            await first.Task.WaitAsync(Cancel);
            await http.Response.Body.WriteAsync(Content.AsMemory(1000), Cancel);
        });
        var answer = await OpenAsync(Content.Length);
        Assert.True(answer.Ok, answer.Fault?.Message);
        await using var blob = answer.Value;
        var read = new byte[Content.Length];
        await blob.ReadExactlyAsync(read.AsMemory(0, 1000), Cancel);
        first.SetResult();
        await blob.ReadExactlyAsync(read.AsMemory(1000), Cancel);
        Assert.Equal(0, await blob.ReadAsync(new byte[1], Cancel));
        Assert.Equal(Content, read);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_larger_than_wanted_is_a_fault_stated_or_not(bool stated)
    {
        ServeBlob(async http =>
        {
            http.Response.ContentLength = stated ? Content.Length : null;
            await http.Response.Body.WriteAsync(Content, Cancel);
        });
        var fault = await ReadAsync(Content.Length - 1);
        Assert.Equal((FaultKind.Unusable, $"{Host} answers with more than {(Content.Length - 1) / 1024} KiB"),
            (fault?.Kind, fault?.Message));
    }

    [Fact]
    public async Task Other_content_than_the_digest_says_never_reaches_its_end()
    {
        ServeBlob(async http => await http.Response.Body.WriteAsync(Content.AsMemory(1), Cancel));
        var fault = await ReadAsync(Content.Length);
        Assert.Equal((FaultKind.Unusable, $"{Host} answers with something else than {Expected}"), (fault?.Kind, fault?.Message));
    }

    [Fact]
    public async Task A_blob_that_breaks_off_is_a_fault()
    {
        ServeBlob(async http =>
        {
            http.Response.ContentLength = Content.Length;
            await http.Response.Body.WriteAsync(Content.AsMemory(0, 10), Cancel);
            await http.Response.Body.FlushAsync(Cancel);
            http.Abort();
        });
        Assert.Equal(FaultKind.Unreachable, (await ReadAsync(Content.Length))?.Kind);
    }

    [Fact]
    public async Task A_registry_that_falls_silent_in_the_middle_of_a_blob_is_given_up()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ServeBlob(async http =>
        {
            await http.Response.Body.WriteAsync(Content.AsMemory(0, 10), Cancel);
            await http.Response.Body.FlushAsync(Cancel);
            await done.Task.WaitAsync(Cancel);
        });
        await using var blob = (await OpenAsync(Content.Length)).Value!;
        await blob.ReadExactlyAsync(new byte[10], Cancel);
        Internet.Clock.StopTimers();
        var reading = blob.ReadAsync(new byte[1], Cancel).AsTask();
        Internet.Clock.ReleaseTimers();
        var fault = (await Assert.ThrowsAsync<FaultException>(() => reading)).Fault;
        done.SetResult();
        Assert.Equal((FaultKind.Unreachable, $"{Host} sends nothing more of {Expected} for 30 seconds"), (fault.Kind, fault.Message));
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_said_so()
    {
        ServeBlob(http =>
        {
            http.Response.StatusCode = 404;
            return http.Response.WriteAsync("""{"errors":[{"code":"BLOB_UNKNOWN"}]}""");
        });
        Assert.Equal(FaultKind.NotFound, (await ReadAsync(Content.Length))?.Kind);
    }

    [Fact]
    public async Task A_manifest_comes_byte_for_byte()
    {
        const string Text = """{ "schemaVersion": 2, "layers": [] , "config": null }""";
        Internet.Serve(Host, http =>
        {
            http.Response.ContentType = MediaTypes.OciManifest;
            return http.Response.WriteAsync(http.Request.Path == "/v2/" ? "{}" : Text);
        });
        var answer = await Internet.Client().ReadManifestAsync(TestImage.Of($"{Host}/acme/app:1"), null, Cancel);
        Assert.Equal((Text, MediaTypes.OciManifest), (Encoding.UTF8.GetString(answer.Value!.Bytes.Span), answer.Value.MediaType));
        Assert.Equal(Digest.OfContent(Digest.Sha256, Encoding.UTF8.GetBytes(Text)), answer.Value.Digest);
    }

    private void ServeBlob(RequestDelegate answer) =>
        Internet.Serve(Host, http => http.Request.Path == $"/v2/acme/app/blobs/{Expected}" ? answer(http) : http.Response.WriteAsync("{}"));

    private Task<RemoteAnswer<RemoteBlob>> OpenAsync(long largest) =>
        Internet.Client().OpenBlobAsync(TestImage.Of($"{Host}/acme/app:1"), null, Expected, largest, Cancel);

    /// <summary>Null when all of it was read.</summary>
    private async Task<Fault?> ReadAsync(long largest)
    {
        var answer = await OpenAsync(largest);
        if (!answer.Ok)
        {
            return answer.Fault;
        }

        await using var blob = answer.Value;
        try
        {
            await blob.CopyToAsync(Stream.Null, Cancel);
            return null;
        }
        catch (FaultException exception)
        {
            return exception.Fault;
        }
    }
}
