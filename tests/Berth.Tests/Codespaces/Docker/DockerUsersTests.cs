using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Docker;
using Berth.Server.Settings;

namespace Berth.Tests.Codespaces.Docker;

public sealed class DockerUsersTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("berth-docker-users-");

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public void Every_codespace_has_a_range_of_its_own_and_keeps_it()
    {
        var given = Enumerable.Range(0, 20).Select(number => (Number: number, First: Of(number))).ToList();
        Assert.All(given.OrderBy(one => one.First).Zip(given.OrderBy(one => one.First).Skip(1)), pair =>
            Assert.True(pair.Second.First - pair.First.First >= DockerUsers.Count));
        Assert.All(given, one => Assert.InRange(one.First, 2_147_483_648, uint.MaxValue - (2 * DockerUsers.Count)));
        Assert.All(given, one => Assert.Equal(one.First, Of(one.Number)));

        // A range is free again when its codespace has been deleted.
        Folders(3).Delete();
        Assert.Equal(given[3].First, Of(99));
    }

    private CodespaceFolders Folders(int number) => new(_data.FullName, $"codespace-{number}");

    private long Of(int number)
    {
        Directory.CreateDirectory(Folders(number).Root);
        return new DockerUsers(new DataOptions { Data = _data.FullName }).Of(Folders(number));
    }
}
