using System.Diagnostics;
using Berth.Server.Codespaces.Environment;

namespace Berth.Tests.Codespaces.Environment;

/// <summary>What git finds in a codespace, asked as git asks: by git itself where it matters what git makes of it.</summary>
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
        await WriteAsync(null);
        Assert.Equal("", await AskAsync("get", Question("", "", "")));
        Assert.Equal("*\n", await RunAsync("git", ["config", "--file", Config, "safe.directory"], ""));
    }

    /// <summary>git itself, with the file as its own, asks the helper for this URL and takes the answer.</summary>
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

    private string Config => Path.Combine(_folder.FullName, "config");

    private static string Question(string protocol, string host, string path) => $"protocol={protocol}\nhost={host}\npath={path}\n\n";

    private async Task WriteAsync(string? url)
    {
        foreach (var (name, content) in new GitInside(url is null ? null : new GitLogin(url, "ada", Password)).Files)
        {
            // In a codespace the folder is another one.
            await File.WriteAllTextAsync(
                Path.Combine(_folder.FullName, name),
                content.TrimEnd('\n').Replace(GitInside.Folder, _folder.FullName, StringComparison.Ordinal) + "\n", Cancel);
        }
    }

    private Task<string> AskAsync(string wanted, string question) =>
        RunAsync("/bin/sh", [Path.Combine(_folder.FullName, "helper"), wanted], question);

    private async Task<string> RunAsync(string program, string[] arguments, string input)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = _folder.FullName,
        };
        info.Environment["GIT_CONFIG_GLOBAL"] = Config;
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
            // It has ended without reading, as git lets its helpers.
        }

        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return output;
    }
}
