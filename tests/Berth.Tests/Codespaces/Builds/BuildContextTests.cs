using System.Formats.Tar;
using System.Net.Sockets;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Builds;

public sealed class BuildContextTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-context-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "a,dir,dir/b,dir/c.txt")]
    [InlineData("dir", "a")]
    [InlineData("/dir/", "a")]
    [InlineData("*.txt", "a,dir,dir/b,dir/c.txt")]
    [InlineData("**/*.txt", "a,dir,dir/b")]
    [InlineData("*/*.txt", "a,dir,dir/b")]
    [InlineData("dir/*\n!dir/c.txt", "a,dir,dir/c.txt")]
    [InlineData("**\n!dir/b", "dir/b")]
    [InlineData("# a\n?", "dir,dir/b,dir/c.txt")]
    [InlineData("[a-c]", "dir,dir/b,dir/c.txt")]
    [InlineData("di\\r", "a")]
    [InlineData("../../a", "dir,dir/b,dir/c.txt")]
    [InlineData("!a\n", "a,dir,dir/b,dir/c.txt")]
    public async Task What_is_ignored_stays_out(string patterns, string expected)
    {
        Write("a", "dir/b", "dir/c.txt");
        Assert.Equal(
            expected, string.Join(',', (await PackAsync(patterns)).Select(entry => entry.Name.TrimEnd('/')).Order(StringComparer.Ordinal)));
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public async Task Links_go_in_as_links_and_what_is_no_file_stays_out()
    {
        Write("a");
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), "/etc/shadow");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "outside"), "/etc");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "socket")));
        Assert.Equal(
            ["a RegularFile ", "link SymbolicLink /etc/shadow", "outside SymbolicLink /etc"],
            (await PackAsync("")).Select(entry => $"{entry.Name} {entry.EntryType} {entry.LinkName}").Order(StringComparer.Ordinal));
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void A_sparse_file_counts_as_large_as_it_is_sent()
    {
        Write("dir/a", "b");
        using (var file = File.OpenWrite(Path.Combine(_folder, "dir", "sparse")))
        {
            file.SetLength(13L << 30);
        }

        var others = new[] { "b", "dir/a" }.Sum(name => new FileInfo(Path.Combine(_folder, name)).Length);
        Assert.Equal((13L << 30) + others, Bytes("", long.MaxValue));
        Assert.InRange(Bytes("", 1 << 30), 1 << 30, long.MaxValue);
        Assert.InRange(Bytes("**/sparse", 1 << 30), 0, 1 << 20);

        long Bytes(string patterns, long most) =>
            new BuildContext(_folder, IgnorePatterns.Parse(patterns, ""), Budgets.Scratch(), new Dictionary<string, string>())
                .Bytes(most, TestContext.Current.CancellationToken);
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public async Task Berths_own_files_win_over_the_repositorys()
    {
        Write(BuildContext.DockerfileName, ".dockerignore", "x/.dockerignore");
        using var tar = new MemoryStream();
        await new BuildContext(_folder, IgnorePatterns.Parse("", ""), Budgets.Scratch(), new Dictionary<string, string>())
            .WriteAsync(tar, TestContext.Current.CancellationToken);
        Assert.Equal(
            ["x", "x/.dockerignore", ".dockerignore", BuildContext.DockerfileName], Entries(tar).Select(entry => entry.Name.TrimEnd('/')));
    }

    [Theory]
    [InlineData("", "a/Dockerfile", "a/Dockerfile")]
    [InlineData(".devcontainer", "../a", "a")]
    [InlineData(".devcontainer", "./x/../y", ".devcontainer/y")]
    [InlineData(".devcontainer", "${localWorkspaceFolder}/a", "a")]
    [InlineData(".devcontainer", "..", "")]
    public void A_path_is_found_from_the_file_that_names_it(string folder, string path, string expected) =>
        Assert.Equal(expected, Budgets.Checkout(_folder).Locate(folder, path, "x"));

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("../..")]
    [InlineData("/etc")]
    [InlineData("a/../../../etc")]
    [InlineData("link")]
    [InlineData("link/x")]
    [InlineData("${containerWorkspaceFolder}/x")]
    [InlineData("a\0b")]
    public void A_path_that_leads_outside_is_refused(string path)
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder, "link"), "/etc");
        Assert.Throws<FaultException>(() => Budgets.Checkout(_folder).Locate("", path, "x"));
    }

    private void Write(params string[] paths)
    {
        foreach (var path in paths)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, path))!);
            File.WriteAllText(Path.Combine(_folder, path), path);
        }
    }

    private async Task<List<TarEntry>> PackAsync(string patterns)
    {
        using var tar = new MemoryStream();
        var context = new BuildContext(
            _folder, IgnorePatterns.Parse(patterns, ".dockerignore"), Budgets.Scratch(), new Dictionary<string, string>());
        await context.WriteAsync(tar, TestContext.Current.CancellationToken);
        return [.. Entries(tar).Where(entry => entry.Name is not (".dockerignore" or BuildContext.DockerfileName))];
    }

    private static List<TarEntry> Entries(MemoryStream tar)
    {
        tar.Position = 0;
        using var reader = new TarReader(tar);
        List<TarEntry> entries = [];
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            entries.Add(entry);
        }

        return entries;
    }
}
