using System.Diagnostics;
using Berth.Server.Codespaces.Environment;

namespace Berth.Tests.Codespaces.Environment;

/// <summary>What git finds in a codespace. Where git's own reading matters, git itself is run.</summary>
public sealed class GitInsideTests : IDisposable
{
    private const string Password = "p@ss 'w\"ord$HOME `id` \\ é %20";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berth-git-inside-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("https://git.example.test:8443/acme/app.git", "https", "git.example.test:8443", "acme/app.git")]
    [InlineData("http://git.example.test/acme/app", "http", "git.example.test", "acme/app")]
    [InlineData("https://git.example.test/", "https", "git.example.test", "")]
    [InlineData("https://git.example.test/a%20b/c.git", "https", "git.example.test", "a b/c.git")]
    public async Task It_answers_for_its_own_URL(string url, string protocol, string host, string path)
    {
        await WriteAsync(url);
        Assert.Equal($"username=ada\npassword={Password}\n", await AskAsync("get", Question(protocol, host, path)));
        Assert.Equal("", await AskAsync("get", Question(protocol, host, path + "x")));
    }

    [Theory]
    [InlineData("protocol=http\nhost=git.example.test\npath=acme/app.git\n")]
    [InlineData("protocol=https\nhost=git.example.test:443\npath=acme/app.git\n")]
    [InlineData("protocol=https\nhost=git.example.test.evil.test\npath=acme/app.git\n")]
    [InlineData("protocol=https\nhost=git.example.test\npath=acme/other.git\n")]
    [InlineData("protocol=https\nhost=git.example.test\npath=acme\n")]
    [InlineData("protocol=https\nhost=git.example.test\npath=acme/app.git/../other.git\n")]
    [InlineData("protocol=https\nhost=git.example.test\npath=*\n")]
    [InlineData("protocol=https\nhost=git.example.test\npath=\n")]
    [InlineData("protocol=https\nhost=git.example.test\n")]
    [InlineData("protocol=https\nhost=git.example.test\npath=acme/app.git\nusername=bob\n")]
    [InlineData("")]
    public async Task It_answers_for_nothing_else(string question)
    {
        await WriteAsync("https://git.example.test/acme/app.git");
        Assert.Equal("", await AskAsync("get", question + "\n"));
        foreach (var other in new[] { "store", "erase", "" })
        {
            Assert.Equal("", await AskAsync(other, Question("https", "git.example.test", "acme/app.git")));
        }
    }

    [Fact]
    public async Task Git_lfs_asks_below_it()
    {
        await WriteAsync("https://git.example.test/acme/app.git");
        Assert.NotEqual("", await AskAsync("get", Question("https", "git.example.test", "acme/app.git/info/lfs")));
    }

    [Fact]
    public async Task Without_a_login_nothing_is_answered_and_folders_are_safe()
    {
        await WriteAsync(new GitInside(null, []));
        Assert.Equal("", await AskAsync("get", Question("", "", "")));
        Assert.Equal("*\n", await RunAsync("git", ["config", "--file", Config, "safe.directory"], ""));
    }

    /// <summary>Git itself, with the file as its configuration, asks the helper for this URL and accepts the answer.</summary>
    [Fact]
    public async Task Git_asks_it()
    {
        await WriteAsync("https://git.example.test/acme/app.git");
        string[] fill = ["credential", "fill"];
        Assert.Contains(
            $"password={Password}\n", await RunAsync("git", fill, "url=https://git.example.test/acme/app.git\n\n"),
            StringComparison.Ordinal);
        foreach (var url in new[]
        {
            "https://git.example.test/acme/other.git", "https://evil.test/acme/app.git", "http://git.example.test/acme/app.git",
        })
        {
            Assert.DoesNotContain(Password, await RunAsync("git", fill, $"url={url}\n\n"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Each_of_several_URLs_has_its_own_login()
    {
        await WriteAsync(
            new GitInside(
                null,
                [
                    new GitLogin("https://git.example.test/acme/app.git", "ada", Password),
                    new GitLogin("https://git.example.test/acme/lib.git", "lovelace", "other"),
                ]));
        foreach (var (path, answer) in new[]
        {
            ("acme/app.git", $"username=ada\npassword={Password}\n"), ("acme/lib.git", "username=lovelace\npassword=other\n"),
            ("acme/third.git", ""),
        })
        {
            Assert.Equal(answer, await AskAsync("get", Question("https", "git.example.test", path)));
        }

        Assert.Contains(
            "password=other\n", await RunAsync("git", ["credential", "fill"], "url=https://git.example.test/acme/lib.git\n\n"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Ada \"the\" Countess \\ of #; Lovelace", "ada@example.test")]
    [InlineData("Ada\n[core]\n\tsshCommand = id", "ada@example.test\t")]
    public async Task Git_knows_whose_commits_are_made(string name, string email)
    {
        await WriteAsync(new GitInside(new GitAuthor(name, email), []));
        Assert.Equal(Line(name) + "\n", await RunAsync("git", ["config", "user.name"], ""));
        Assert.Equal(Line(email) + "\n", await RunAsync("git", ["config", "user.email"], ""));
        Assert.Equal("", await RunAsync("git", ["config", "core.sshCommand"], ""));

        static string Line(string text) => string.Concat(text.Where(c => !char.IsControl(c)));
    }

    [Fact]
    public void A_person_without_name_and_address_has_the_login_and_an_address_that_leads_nowhere()
    {
        Assert.Equal(new GitAuthor("ada", "ada@users.noreply.berth.test"), GitAuthor.Of("ada", " ", null, "berth.test"));
        Assert.Equal(new GitAuthor("Ada L", "a@b.test"), GitAuthor.Of("ada", "Ada L", "a@b.test", "berth.test"));
    }

    /// <summary>The configuration of an image or of dotfiles may come first, and the person may write to it later.</summary>
    [Theory]
    [InlineData(null, "ada@example.test")]
    [InlineData("", "ada@example.test")]
    [InlineData("[user]\n\temail = mine@example.test", "mine@example.test")]
    [InlineData("[alias]\n\tx = status", "ada@example.test")]
    public async Task What_the_person_says_wins_over_what_is_included(string? own, string email)
    {
        await WriteAsync(new GitInside(new GitAuthor("Ada", "ada@example.test"), []));
        var file = Path.Combine(_folder.FullName, ".gitconfig");
        if (own is not null)
        {
            await File.WriteAllTextAsync(file, own, Cancel);
        }

        await IncludeAsync();
        await IncludeAsync();
        Assert.Equal(email + "\n", await RunAsync("git", ["config", "user.email"], "", home: true));
        Assert.Equal("Ada\n", await RunAsync("git", ["config", "user.name"], "", home: true));
        var text = await File.ReadAllTextAsync(file, Cancel);
        Assert.EndsWith(own ?? "", text.TrimEnd('\n'), StringComparison.Ordinal);
        Assert.Equal(2, text.Split("[include]").Length);

        await RunAsync("git", ["config", "--global", "user.email", "later@example.test"], "", home: true);
        await IncludeAsync();
        Assert.Equal("later@example.test\n", await RunAsync("git", ["config", "user.email"], "", home: true));
    }

    [Fact]
    public async Task A_link_stays_and_what_it_leads_to_wins()
    {
        await WriteAsync(new GitInside(new GitAuthor("Ada", "ada@example.test"), []));
        var kept = Path.Combine(_folder.FullName, "kept");
        await File.WriteAllTextAsync(kept, "[user]\n\temail = mine@example.test\n", Cancel);
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, ".gitconfig"), kept);
        await IncludeAsync();
        Assert.Equal("[user]\n\temail = mine@example.test\n", await File.ReadAllTextAsync(kept, Cancel));
        Assert.Equal("mine@example.test\n", await RunAsync("git", ["config", "user.email"], "", home: true));
        Assert.Equal("Ada\n", await RunAsync("git", ["config", "user.name"], "", home: true));
    }

    private Task<string> IncludeAsync() => RunAsync(
        "/bin/sh", ["-c", GitInside.Include.Replace(GitInside.Folder, _folder.FullName, StringComparison.Ordinal)], "", home: true);

    private string Config => Path.Combine(_folder.FullName, "config");

    private static string Question(string protocol, string host, string path) => $"protocol={protocol}\nhost={host}\npath={path}\n\n";

    private Task WriteAsync(string url) => WriteAsync(new GitInside(null, [new GitLogin(url, "ada", Password)]));

    private async Task WriteAsync(GitInside inside)
    {
        foreach (var (name, content) in inside.Files)
        {
            // The content names the folder of a codespace, which is another one than the test's.
            await File.WriteAllTextAsync(
                Path.Combine(_folder.FullName, name),
                content.TrimEnd('\n').Replace(GitInside.Folder, _folder.FullName, StringComparison.Ordinal) + "\n", Cancel);
        }
    }

    private Task<string> AskAsync(string wanted, string question) =>
        RunAsync("/bin/sh", [Path.Combine(_folder.FullName, "helper"), wanted], question);

    /// <param name="home">Uses the folder as HOME. Otherwise git reads only the file.</param>
    private async Task<string> RunAsync(string program, string[] arguments, string input, bool home = false)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = _folder.FullName,
        };
        info.Environment["HOME"] = _folder.FullName;
        info.Environment.Remove("XDG_CONFIG_HOME");
        if (!home)
        {
            info.Environment["GIT_CONFIG_GLOBAL"] = Config;
        }

        info.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        info.Environment["GIT_TERMINAL_PROMPT"] = "0";
        info.Environment["GIT_ASKPASS"] = "/bin/false";
        using var process = Process.Start(info)!;
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), Cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program has ended without reading its input, which git allows its helpers.
        }

        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return output;
    }
}
