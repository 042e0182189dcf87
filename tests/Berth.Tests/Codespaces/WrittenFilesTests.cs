using Berth.Server.Codespaces.Workspaces;

namespace Berth.Tests.Codespaces;

/// <summary>The count of what a codespace or a build has written.</summary>
public sealed class WrittenFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-written-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Links_and_folders_count_as_files_and_are_not_followed()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "a"));
        File.WriteAllText(Path.Combine(_folder, "a", "file"), new string('x', 10_000));
        File.CreateSymbolicLink(Path.Combine(_folder, "root"), "/");
        File.CreateSymbolicLink(Path.Combine(_folder, "nowhere"), "nowhere");
        var (bytes, files) = WrittenFiles.Count(_folder, 100, TestContext.Current.CancellationToken);
        Assert.Equal(4, files);
        Assert.InRange(bytes, 10_000, 100_000);
    }

    [Fact]
    public void Holes_are_not_written()
    {
        using (var file = File.Create(Path.Combine(_folder, "hole")))
        {
            file.SetLength(1 << 30);
        }

        Assert.InRange(WrittenFiles.Count(_folder, 100, TestContext.Current.CancellationToken).Bytes, 0, 1 << 20);
    }

    [Fact]
    public void It_ends_behind_the_limit()
    {
        for (var i = 0; i < 20; i++)
        {
            File.CreateSymbolicLink(Path.Combine(_folder, $"{i}"), "x");
        }

        Assert.Equal(8, WrittenFiles.Count(_folder, 7, TestContext.Current.CancellationToken).Files);
    }

    [Fact]
    public void It_can_be_cancelled()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        Assert.Throws<OperationCanceledException>(() => WrittenFiles.Count(_folder, 100, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void A_folder_that_is_gone_is_empty() =>
        Assert.Equal((0, 0), WrittenFiles.Count(Path.Combine(_folder, "gone"), 100, TestContext.Current.CancellationToken));
}
