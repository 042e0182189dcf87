using Berth.Server.Oci;
using Berth.Server.Storage;

namespace Berth.Tests.Storage;

/// <summary>What every pair of stores must do. The test class of a store only says how to make one.</summary>
public abstract class BlobStoreContract : IAsyncLifetime
{
    private protected const long NoLimit = long.MaxValue;

    private protected IBlobStore Blobs { get; private set; } = null!;

    private protected IUploadStore Uploads { get; private set; } = null!;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (Blobs, Uploads) = await OpenAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Opens the stores at the same place at every call, so that a second call is a restart.</summary>
    private protected abstract Task<(IBlobStore Blobs, IUploadStore Uploads)> OpenAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(262_143)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(3_000_000)]
    public async Task What_was_appended_and_committed_can_be_read(int size)
    {
        var content = Content(size);
        var key = StorageKey.New();
        Assert.Equal(new AppendResult(size, TooLarge: false), await AppendAsync(key, 0, content));
        Assert.Null(await Blobs.SizeAsync(key, Token));
        Assert.Null(await Blobs.OpenAsync(key, Token));
        var commit = await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, content), Token);
        Assert.Equal(new CommitResult(Digest.OfContent(Digest.Sha256, content), size, Matches: true), commit);
        Assert.Equal(size, await Blobs.SizeAsync(key, Token));
        Assert.Equal(content, await ReadAsync(key));
        Assert.Equal(0, await Uploads.LengthAsync(key, Token));
    }

    [Theory]
    [InlineData(Digest.Sha256, Digest.Sha256, false)]
    [InlineData(Digest.Sha256, Digest.Sha512, false)]
    [InlineData(Digest.Sha512, Digest.Sha512, true)]
    [InlineData(Digest.Sha512, Digest.Sha256, true)]
    [InlineData(Digest.Sha256, Digest.Sha256, true)]
    public async Task Pieces_are_one_content_whatever_was_hashed_and_across_restarts(string hashed, string wanted, bool restart)
    {
        var content = Content(1_000_000);
        var key = StorageKey.New();
        var at = 0;
        foreach (var end in (int[])[1, 300_000, 300_001, 1_000_000])
        {
            await Uploads.AppendAsync(key, at, new MemoryStream(content[at..end]), null, NoLimit, hashed, Token);
            at = end;
            Assert.Equal(end, await Uploads.LengthAsync(key, Token));
            if (restart)
            {
                (Blobs, Uploads) = await OpenAsync();
                Assert.Equal(end, await Uploads.LengthAsync(key, Token));
            }
        }

        Assert.True((await Uploads.CommitAsync(key, Digest.OfContent(wanted, content), Token)).Matches);
        Assert.Equal(content, await ReadAsync(key));
    }

    [Fact]
    public async Task Another_digest_commits_nothing()
    {
        var key = StorageKey.New();
        await AppendAsync(key, 0, Content(10));
        Assert.False((await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, [1]), Token)).Matches);
        Assert.Null(await Blobs.SizeAsync(key, Token));
        Assert.True((await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, Content(10)), Token)).Matches);
    }

    [Theory]
    [InlineData(0, 100, 100, false)]
    [InlineData(0, 101, 100, true)]
    [InlineData(60, 40, 100, false)]
    [InlineData(60, 41, 100, true)]
    [InlineData(60, 1_000_000, 100, true)]
    public async Task Content_past_the_limit_is_cut_off_whole(int first, int second, int limit, bool tooLarge)
    {
        var key = StorageKey.New();
        await AppendAsync(key, 0, Content(first));
        var result = await Uploads.AppendAsync(key, first, new MemoryStream(Content(second)), null, limit, Digest.Sha256, Token);
        Assert.Equal(new AppendResult(tooLarge ? first : first + second, tooLarge), result);
        Assert.Equal(result.Length, await Uploads.LengthAsync(key, Token));
        Assert.True((await Uploads.CommitAsync(
            key, Digest.OfContent(Digest.Sha256, tooLarge ? Content(first) : [.. Content(first), .. Content(second)]), Token)).Matches);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_144)]
    [InlineData(700_000)]
    public async Task A_sender_that_breaks_off_leaves_a_beginning_that_can_be_gone_on_with(int breaksAt)
    {
        var content = Content(1_000_000);
        var key = StorageKey.New();
        await AppendAsync(key, 0, content[..5]);
        await Assert.ThrowsAsync<IOException>(
            () => Uploads.AppendAsync(key, 5, new BreakingStream(content[5..], breaksAt), null, NoLimit, Digest.Sha256, Token));
        var length = (int)await Uploads.LengthAsync(key, Token);
        Assert.InRange(length, 5, 5 + breaksAt);
        await AppendAsync(key, length, content[length..]);
        Assert.True((await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, content), Token)).Matches);
        Assert.Equal(content, await ReadAsync(key));
    }

    [Fact]
    public async Task Discarding_and_deleting_can_be_repeated()
    {
        var key = StorageKey.New();
        await Uploads.DiscardAsync(key, Token);
        await AppendAsync(key, 0, Content(10));
        await Uploads.DiscardAsync(key, Token);
        await Uploads.DiscardAsync(key, Token);
        Assert.Equal(0, await Uploads.LengthAsync(key, Token));
        await AppendAsync(key, 0, Content(10));
        await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, Content(10)), Token);
        await Blobs.DeleteAsync(key, Token);
        await Blobs.DeleteAsync(key, Token);
        Assert.Null(await Blobs.SizeAsync(key, Token));
    }

    [Fact]
    public async Task A_blob_being_read_can_be_deleted()
    {
        var content = Content(500_000);
        var key = StorageKey.New();
        await AppendAsync(key, 0, content);
        await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, content), Token);
        await using var reading = await Blobs.OpenAsync(key, Token);
        await Blobs.DeleteAsync(key, Token);
        using var copy = new MemoryStream();
        await reading!.CopyToAsync(copy, Token);
        Assert.Equal(content, copy.ToArray());
    }

    [Fact]
    public async Task A_blob_can_be_read_from_anywhere()
    {
        var content = Content(1000);
        var key = StorageKey.New();
        await AppendAsync(key, 0, content);
        await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, content), Token);
        await using var stream = await Blobs.OpenAsync(key, Token);
        Assert.Equal(1000, stream!.Length);
        stream.Seek(-10, SeekOrigin.End);
        var last = new byte[20];
        Assert.Equal(10, await stream.ReadAsync(last, Token));
        Assert.Equal(content[990..], last[..10]);
        Assert.Equal(0, await stream.ReadAsync(last, Token));
    }

    [Fact]
    public async Task Uploads_and_blobs_are_listed_apart_and_by_age()
    {
        var (upload, blob) = (StorageKey.New(), StorageKey.New());
        await AppendAsync(upload, 0, Content(1));
        await AppendAsync(blob, 0, Content(2));
        await Uploads.CommitAsync(blob, Digest.OfContent(Digest.Sha256, Content(2)), Token);
        var (past, future) = (
            new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal([upload], await Uploads.ListAsync(future, Token).ToListAsync(Token));
        Assert.Equal([blob], await Blobs.ListAsync(future, Token).ToListAsync(Token));
        Assert.Empty(await Uploads.ListAsync(past, Token).ToListAsync(Token));
        Assert.Empty(await Blobs.ListAsync(past, Token).ToListAsync(Token));
    }

    private protected Task<AppendResult> AppendAsync(StorageKey key, long offset, byte[] content) =>
        Uploads.AppendAsync(key, offset, new MemoryStream(content), content.Length, NoLimit, Digest.Sha256, Token);

    private async Task<byte[]> ReadAsync(StorageKey key)
    {
        await using var stream = await Blobs.OpenAsync(key, Token);
        using var copy = new MemoryStream();
        await stream!.CopyToAsync(copy, Token);
        return copy.ToArray();
    }

    private static byte[] Content(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)(i * 31 + (i >> 8)))];

    /// <summary>A connection that breaks after this many bytes.</summary>
    private sealed class BreakingStream(byte[] content, int breaksAt) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.Length > 0 && Position >= breaksAt)
            {
                throw new IOException("the connection is gone");
            }

            return await base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Math.Max(breaksAt - Position, 0))], cancellationToken);
        }
    }
}

public sealed class FileStoreTests : BlobStoreContract
{
    private readonly string _root = Directory.CreateTempSubdirectory("berth-store-").FullName;

    [Fact]
    public async Task An_upload_is_private_to_the_servers_account_and_outside_the_blobs_folders()
    {
        var key = StorageKey.New();
        await AppendAsync(key, 0, [1]);
        Assert.Equal([Path.Combine(_root, "uploads", key.Value)], Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.Combine(_root, "uploads")));
        await Uploads.CommitAsync(key, Digest.OfContent(Digest.Sha256, [1]), Token);
        Assert.Equal([Path.Combine(_root, key.Value[..2], key.Value)], Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories));
    }

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    private protected override Task<(IBlobStore Blobs, IUploadStore Uploads)> OpenAsync()
    {
        var layout = new FileLayout(_root);
        return Task.FromResult<(IBlobStore, IUploadStore)>(
            (new FileBlobStore(layout), new FileUploadStore(layout, new RunningHashes(TimeProvider.System))));
    }
}
