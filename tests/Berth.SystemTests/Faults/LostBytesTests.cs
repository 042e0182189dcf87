using System.Security.Cryptography;
using Berth.Server.Oci;
using Berth.Server.Storage;
using Berth.SystemTests.Fixtures.Disks;

namespace Berth.SystemTests.Faults;

public sealed class LostBytesTests
{
    private const int Size = 60_000_000;
    private const int Piece = 100_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_that_the_disk_did_not_take_fail_the_request_that_brought_them()
    {
        await using var disk = await HollowDisk.MountAsync();
        var (uploads, key, content) = (Store(disk), StorageKey.New(), RandomNumberGenerator.GetBytes(Size));
        using var stream = new MemoryStream(content);

        await Assert.ThrowsAsync<LostBytesException>(
            () => uploads.AppendAsync(key, 0, stream, Size, long.MaxValue, Digest.Sha256, Cancelled));

        Assert.Equal(0, await uploads.LengthAsync(key, Cancelled));
    }

    /// <summary>
    /// The pieces are too small for the server to wait for them, so the system reports the loss only to the first commit.
    /// </summary>
    [Fact]
    public async Task Bytes_that_the_disk_did_not_take_are_never_committed()
    {
        await using var disk = await HollowDisk.MountAsync();
        var (uploads, key, content) = (Store(disk), StorageKey.New(), RandomNumberGenerator.GetBytes(Size));
        for (var at = 0; at < Size; at += Piece)
        {
            using var stream = new MemoryStream(content, at, Piece);
            await uploads.AppendAsync(key, at, stream, Piece, long.MaxValue, Digest.Sha256, Cancelled);
        }

        var digest = Digest.OfContent(Digest.Sha256, content);
        await Assert.ThrowsAsync<LostBytesException>(() => uploads.CommitAsync(key, digest, Cancelled));

        Assert.False((await uploads.CommitAsync(key, digest, Cancelled)).Matches);
    }

    private static FileUploadStore Store(HollowDisk disk) => new(new FileLayout(disk.Path), new RunningHashes(TimeProvider.System));
}
