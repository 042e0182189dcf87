using System.Formats.Tar;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Git;
using Berth.Server.Faults;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Repositories that a Dockerfile adds by ADD, with the real git in the sandbox.</summary>
public sealed class AddedRepositoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Branches_tags_commits_and_folders_come_without_history_and_login()
    {
        var root = _folder.Create("git");
        await GitServer.CreateAsync(root, "lib", ("lib.txt", "lib"));
        await GitServer.CreateAsync(root, "app", ("README.md", "first"), ("docs/a.txt", "a"));
        var work = new Command("git", "-C", Path.Combine(root, "app.work"), "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        await work.RunAsync("tag", "--annotate", "--message", "v1", "v1");
        var first = (await work.RunAsync("rev-parse", "HEAD")).Text.Trim();
        await work.RunAsync("push", "--quiet", "--tags", Path.Combine(root, "app.git"));
        await GitServer.AddSubmoduleAsync(root, "app", "vendor/lib", "../lib.git", "lib");
        await using var server = await GitServer.StartAsync(root, "ada", "secret");
        server.IsPublic = true;
        var url = server.Url + "/app.git";

        Assert.Equal(
            [".gitmodules", "README.md", "docs/", "docs/a.txt", "vendor/", "vendor/lib/", "vendor/lib/lib.txt"], await FilesAsync(url));
        Assert.Equal(["a.txt"], await FilesAsync(url + "#main:docs"));
        string[] before = ["README.md", "docs/", "docs/a.txt"];
        foreach (var reference in new[] { "v1", first, first[..12], "refs/tags/v1" })
        {
            Assert.Equal(before, await FilesAsync($"{url}#{reference}", first));
        }

        Assert.Contains(".git/HEAD", await FilesAsync(url + "#v1", keepsGit: true));
        Assert.Equal("1\n", (await new Command("git", "-c", "safe.directory=*", "-C", _folder["added7"] + "/0").RunAsync(
            "rev-list", "--count", "HEAD")).Text);
        Assert.Contains($"its commit is {first}, not", await FaultAsync(url + "#v1", new string('a', 40)), StringComparison.Ordinal);
        Assert.Contains("couldn't find remote ref gone", await FaultAsync(url + "#gone"), StringComparison.Ordinal);
        Assert.Contains("is not a tree", await FaultAsync(url + "#" + new string('a', 40)), StringComparison.Ordinal);
        Assert.Contains("it has no folder gone", await FaultAsync(url + "#main:gone"), StringComparison.Ordinal);
        server.IsPublic = false;
        Assert.Contains("builds get no login, so only public repositories", await FaultAsync(url), StringComparison.Ordinal);
        Assert.Empty(server.Seen);
    }

    /// <summary>One folder that is asked for is a link. In the last request the repository is larger than allowed.</summary>
    [Fact]
    public async Task No_link_leads_out_and_size_has_an_end()
    {
        var root = _folder.Create("git");
        await GitServer.CreateAsync(root, "app", ("large", new string('x', 100_000)));
        var work = new Command("git", "-C", Path.Combine(root, "app.work"), "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        File.CreateSymbolicLink(Path.Combine(root, "app.work", "out"), "/etc");
        await work.RunAsync("add", "--all");
        await work.RunAsync("commit", "--quiet", "--message", "link");
        await work.RunAsync("push", "--quiet", Path.Combine(root, "app.git"), "main");
        await using var server = await GitServer.StartAsync(root, "ada", "secret");
        server.IsPublic = true;
        var url = server.Url + "/app.git";
        Assert.Equal(["large", "out"], await FilesAsync(url));
        Assert.Contains("it has no folder out", await FaultAsync(url + "#main:out"), StringComparison.Ordinal);
        Assert.Contains("what a build fetches is more than", await FaultAsync(url, most: 50_000), StringComparison.Ordinal);
    }

    private int _times;

    private async Task<string> FaultAsync(string source, string? commit = null, long most = FetchRemoteFiles.MostBytes)
    {
        var fault = await Assert.ThrowsAsync<FaultException>(() => FilesAsync(source, commit, most: most));
        Assert.StartsWith("Dockerfile line 3: ADD http://127.0.0.1", fault.Message, StringComparison.Ordinal);
        return fault.Message;
    }

    private async Task<IReadOnlyList<string>> FilesAsync(
        string source, string? commit = null, bool keepsGit = false, long most = FetchRemoteFiles.MostBytes)
    {
        using var git = new RealGit(_folder);
        var (address, fault) = GitAddress.Read(source);
        Assert.Null(fault);
        var remote = new RemoteRepository(".berth-add/0/", address!, commit, keepsGit, [], new TextPlace("Dockerfile", 3));
        var fetched = await new FetchRepositories(git.Git, new CloneSubmodules(git.Git, TimeProvider.System), TimeProvider.System).RunAsync(
            _folder[$"added{++_times}"], git.View, [remote], most, _ => { }, Token);
        using var stream = new MemoryStream();
        await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            await Assert.Single(fetched).WriteAsync(tar, Token);
        }

        stream.Position = 0;
        List<string> names = [];
        using var reader = new TarReader(stream);
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name[remote.Path.Length..]);
        }

        return [.. names.Where(name => name.Length > 0).Order(StringComparer.Ordinal)];
    }
}
