using System.IO.Pipelines;
using System.Security.Cryptography;
using Berth.Server.Http;
using Berth.Server.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Http;

/// <summary>Request bodies are read completely, but many slow senders use little memory.</summary>
public sealed class ReceivedBodyTests : IDisposable
{
    private const int MiB = 1 << 20;
    private static readonly ApiError TooLarge = new(413, "SIZE_INVALID", "too large");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berth-bodies-");
    private readonly ServiceProvider _services;

    public ReceivedBodyTests() => _services = new ServiceCollection()
        .AddSingleton(new DataOptions { Data = _folder.FullName })
        .AddSingleton<LargeBodies>()
        .BuildServiceProvider();

    private LargeBodies Bodies => _services.GetRequiredService<LargeBodies>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _services.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(10, false)]
    [InlineData(65_535, true)]
    [InlineData(65_536, false)]
    [InlineData(65_537, true)]
    [InlineData(5 * MiB + 1, false)]
    [InlineData(20 * MiB, true)]
    public async Task A_body_of_any_size_is_what_was_sent(int size, bool announced)
    {
        var content = RandomNumberGenerator.GetBytes(size);
        using var body = await ReceivedBody.ReadAsync(Request(new MemoryStream(content), announced ? size : null), size, TooLarge, Cancel);
        Assert.True(content.AsSpan().SequenceEqual(body.Content));
        Assert.Empty(_folder.EnumerateFiles());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(65_536)]
    [InlineData(3 * MiB)]
    public async Task A_body_beyond_the_limit_is_answered_as_its_reader_says(int limit)
    {
        var refused = await Assert.ThrowsAsync<ApiException>(
            () => ReceivedBody.ReadAsync(Request(new MemoryStream(new byte[limit + 1]), null), limit, TooLarge, Cancel));
        Assert.Same(TooLarge, refused.Error);
        Assert.Equal(LargeBodies.MostKiB, Bodies.FreeKiB);
    }

    [Fact]
    public async Task Many_large_bodies_are_in_memory_a_few_at_a_time()
    {
        var (inHand, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(ReceiveAsync, Cancel)));
        Assert.InRange(most, 1, LargeBodies.MostKiB / 4096);
        Assert.Equal(LargeBodies.MostKiB, Bodies.FreeKiB);

        async Task ReceiveAsync()
        {
            using var body = await ReceivedBody.ReadAsync(Request(new MemoryStream(new byte[4 * MiB]), null), 4 * MiB, TooLarge, Cancel);
            lock (_folder)
            {
                most = Math.Max(most, ++inHand);
            }

            await Task.Yield();
            lock (_folder)
            {
                inHand--;
            }
        }
    }

    [Fact]
    public async Task A_slow_sender_of_a_large_body_holds_up_nobody()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var slow = ReceivedBody.ReadAsync(Request(pipe.Reader.AsStream(), 20 * MiB), 20 * MiB, TooLarge, Cancel);
        for (var sent = 0; sent < 19; sent++)
        {
            // This returns when the previous bytes have been read.
            await pipe.Writer.WriteAsync(new byte[MiB], Cancel);
        }

        Assert.Equal(LargeBodies.MostKiB, Bodies.FreeKiB);
        using (await ReceivedBody.ReadAsync(Request(new MemoryStream(new byte[20 * MiB]), null), 20 * MiB, TooLarge, Cancel))
        {
            Assert.Equal(0, Bodies.FreeKiB);
        }

        await pipe.Writer.WriteAsync(new byte[MiB], Cancel);
        await pipe.Writer.CompleteAsync();
        using var body = await slow;
        Assert.Equal(20 * MiB, body.Content.Length);
    }

    private HttpRequest Request(Stream body, int? announced)
    {
        var http = new DefaultHttpContext { RequestServices = _services };
        http.Request.Body = body;
        http.Request.ContentLength = announced;
        return http.Request;
    }
}
