using Berth.Server.Codespaces.Git;
using Berth.Server.Repositories.Cloning;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Submodules of a fresh checkout, with the real git in the sandbox.</summary>
public sealed class SubmoduleTests : IDisposable
{
    private const string Password = "secret-of-the-server";
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task They_come_with_theirs_and_what_cannot_be_had_is_a_line()
    {
        Requirement.Program("bwrap");
        var root = _folder.Create("git");
        await GitServer.CreateAsync(root, "deep", ("deep.txt", "deep\n"));
        await GitServer.CreateAsync(root, "lib", ("lib.txt", "lib\n"));
        await GitServer.AddSubmoduleAsync(root, "lib", "vendor/deep", "../deep.git", "deep");
        await GitServer.CreateAsync(root, "app", ("README.md", "hello\n"));
        await GitServer.AddSubmoduleAsync(root, "app", "libs/my lib", "../lib.git", "lib");
        await GitServer.AddSubmoduleAsync(root, "app", "gone", "../gone.git", "lib");
        await GitServer.AddSubmoduleAsync(root, "app", "local", "file://" + Path.Combine(root, "lib.git"), "lib");
        await GitServer.AddSubmoduleAsync(root, "app", "program", "ext::sh -c touch% /tmp/ran", "lib");
        await using var other = await GitServer.StartAsync(root, "bob", "other");
        await GitServer.AddSubmoduleAsync(root, "app", "foreign", other.Url + "/lib.git", "lib");
        await using var server = await GitServer.StartAsync(root, "ada", Password);
        var url = server.Url + "/app.git";
        List<string> said = [];
        var (checkout, cloned) = await CloneAsync(url, new CloneCredential("ada", Password, CloneOrigin.Of(url)!, "ada's"), said);

        Assert.Equal("lib\n", await File.ReadAllTextAsync(Path.Combine(checkout, "libs/my lib/lib.txt"), Token));
        Assert.Equal("deep\n", await File.ReadAllTextAsync(Path.Combine(checkout, "libs/my lib/vendor/deep/deep.txt"), Token));
        Assert.Equal([server.Url + "/lib.git", server.Url + "/deep.git"], cloned);
        var log = string.Join('\n', said);
        foreach (var line in new[]
        {
            $"cloning the submodule libs/my lib from {server.Url}/lib.git with ada's clone credential (user ada)",
            $"cloning the submodule libs/my lib/vendor/deep from {server.Url}/deep.git with ada's",
            "the submodule gone is missing: ",
            "the submodule local is missing: its URL file://",
            "the submodule program is missing: ",
            "the submodule foreign is missing: could not read Username",
            "your own clone credential counts for repositories of the same server and owner",
        })
        {
            Assert.Contains(line, log, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(_folder["clone"], log, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, log, StringComparison.Ordinal);
        Assert.Empty(other.Seen);

        // The submodules that people find inside are as git itself would have made them.
        var git = new Command("git", "-c", "safe.directory=*", "-C", checkout);
        var status = (await git.RunAsync("submodule", "status", "--", "libs/my lib")).Text;
        Assert.StartsWith(" ", status, StringComparison.Ordinal);
        Assert.Equal("", (await git.RunAsync("status", "--porcelain", "--ignore-submodules=none")).Text);
    }

    /// <summary>A repository names itself as a submodule.</summary>
    [Fact]
    public async Task No_depth_and_no_link_leads_out()
    {
        Requirement.Program("bwrap");
        var root = _folder.Create("git");
        await GitServer.CreateAsync(root, "loop", ("a.txt", "a\n"));
        await GitServer.AddSubmoduleAsync(root, "loop", "a", "../loop.git", "loop");
        await GitServer.AddSubmoduleAsync(root, "loop", "b", "../loop.git", "loop");
        for (var i = 0; i < CloneSubmodules.Deepest + 1; i++)
        {
            await GitServer.AddSubmoduleAsync(root, "loop", $"c{i}", "../loop.git", "loop");
        }

        await using var server = await GitServer.StartAsync(root, "ada", Password);
        var url = server.Url + "/loop.git";
        List<string> said = [];
        var (checkout, cloned) = await CloneAsync(url, new CloneCredential("ada", Password, CloneOrigin.Of(url)!, "ada's"), said);
        Assert.InRange(cloned.Count, CloneSubmodules.Deepest, CloneSubmodules.Most);
        Assert.Contains(
            said, line => line.Contains($"at most {CloneSubmodules.Most} submodules", StringComparison.Ordinal)
                || line.Contains($"more than {CloneSubmodules.Deepest} submodules deep", StringComparison.Ordinal));
        Assert.True(Directory.Exists(Path.Combine(checkout, "a")));
    }

    /// <summary>The checkout has settings with which git could do harm, and a link where a submodule is to be.</summary>
    [Fact]
    public async Task Those_that_are_missing_come_into_a_checkout_in_which_somebody_has_worked()
    {
        Requirement.Program("bwrap");
        var root = _folder.Create("git");
        await GitServer.CreateAsync(root, "deep", ("deep.txt", "deep\n"));
        await GitServer.CreateAsync(root, "lib", ("lib.txt", "lib\n"));
        await GitServer.AddSubmoduleAsync(root, "lib", "vendor/deep", "../deep.git", "deep");
        await GitServer.CreateAsync(root, "app", ("README.md", "hello\n"));
        foreach (var place in new[] { "libs/my lib", "changed", "behind/link", "kept" })
        {
            await GitServer.AddSubmoduleAsync(root, "app", place, "../lib.git", "lib");
        }

        await using var server = await GitServer.StartAsync(root, "ada", Password);
        var url = server.Url + "/app.git";
        var credential = new CloneCredential("ada", Password, CloneOrigin.Of(url)!, "ada's");
        var (outside, checkout, ran) = (_folder.Create("outside"), _folder["clone"], _folder["ran"]);
        using var tools = new RealGit(_folder);
        await new CloneRepository(tools.Git).RunAsync(url, null, checkout, tools.View, credential, _ => { }, Token);
        await File.WriteAllTextAsync(Path.Combine(checkout, "changed", "mine.txt"), "mine\n", Token);
        Directory.Delete(Path.Combine(checkout, "behind"), recursive: true);
        File.CreateSymbolicLink(Path.Combine(checkout, "behind"), outside);
        Directory.CreateDirectory(Path.Combine(checkout, ".git/modules/kept"));
        await File.AppendAllTextAsync(
            Path.Combine(checkout, ".git/config"),
            $"[core]\n\tfsmonitor = touch {ran}\n\thooksPath = {outside}\n[url \"file:///etc/\"]\n\tinsteadOf = {server.Url}\n"
                + $"[submodule \"libs/my lib\"]\n\tupdate = !touch {ran}\n", Token);
        List<string> said = [];
        var added = await new AddSubmodules(tools.Git, new CloneSubmodules(tools.Git, TimeProvider.System)).RunAsync(
            checkout, new SubmoduleRequest(url, _folder["copy"], tools.View, credential), said.Add, Token);

        Assert.Equal([server.Url + "/lib.git", server.Url + "/deep.git"], added);
        Assert.Equal("lib\n", await File.ReadAllTextAsync(Path.Combine(checkout, "libs/my lib/lib.txt"), Token));
        Assert.Equal("deep\n", await File.ReadAllTextAsync(Path.Combine(checkout, "libs/my lib/vendor/deep/deep.txt"), Token));
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(Path.Combine(checkout, "changed")).Select(Path.GetFileName));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(checkout, "kept")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.False(File.Exists(ran));
        Assert.DoesNotContain(Password, string.Join('\n', said), StringComparison.Ordinal);
        var git = new Command("git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", checkout);
        Assert.StartsWith(" ", (await git.RunAsync("submodule", "status", "--", "libs/my lib")).Text, StringComparison.Ordinal);

        // A second run has nothing to do.
        Directory.Delete(_folder["copy"], recursive: true);
        Assert.Empty(await new AddSubmodules(tools.Git, new CloneSubmodules(tools.Git, TimeProvider.System)).RunAsync(
            checkout, new SubmoduleRequest(url, _folder["copy"], tools.View, credential), said.Add, Token));
    }

    private async Task<(string Checkout, IReadOnlyList<string> Cloned)> CloneAsync(
        string url, CloneCredential credential, List<string> said)
    {
        using var tools = new RealGit(_folder);
        var target = _folder["clone"];
        await new CloneRepository(tools.Git).RunAsync(url, null, target, tools.View, credential, _ => { }, Token);
        var cloned = await new CloneSubmodules(tools.Git, TimeProvider.System).RunAsync(
            new SubmoduleRequest(url, target, tools.View, credential), said.Add, Token);
        return (target, [.. cloned.Select(one => one.Url)]);
    }
}
