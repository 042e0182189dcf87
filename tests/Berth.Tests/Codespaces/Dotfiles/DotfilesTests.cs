using System.Diagnostics;
using System.Net;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Dotfiles;
using Berth.Tests.Cli;
using Berth.Tests.Codespaces.Scripted;

namespace Berth.Tests.Codespaces.Dotfiles;

/// <summary>A person's dotfiles: what is stored, when they come, and what the command does. The command runs on this machine.</summary>
public sealed class DotfilesTests(ScriptedServer scripted) : IClassFixture<ScriptedServer>, IDisposable
{
    private const string Place = "/user/codespaces/dotfiles";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berth-dotfiles-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Home => Path.Combine(_folder.FullName, "home");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task They_are_a_persons_own()
    {
        var ada = scripted.World.Ada;
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync(Place)).Status);
        await ada.DoAsync("PUT", Place, """{"repository":"https://git.example.test/ada/first"}""");
        await ada.DoAsync("PUT", Place, """{"repository":"https://git.example.test/ada/dotfiles"}""");
        Assert.Equal("https://git.example.test/ada/dotfiles", (await ada.GetAsync(Place))["repository"].GetString());
        foreach (var url in new[] { "", "x", "file:///etc", "ssh://x/y", "https://me:secret@x/y", "https://x/y z", "https://x/\\ny" })
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("PUT", Place, $$"""{"repository":"{{url}}"}""")).Status);
        }

        using var cli = new CliRun(scripted.World.Server, ada.Token);
        Assert.Equal("https://git.example.test/ada/dotfiles\n", await cli.DoAsync("codespace dotfiles show"));
        await cli.DoAsync("codespace dotfiles set https://git.example.test/ada/others");
        Assert.Equal("https://git.example.test/ada/others", (await ada.GetAsync(Place))["repository"].GetString());
        await cli.DoAsync("codespace dotfiles delete");
        Assert.Equal(4, (await cli.RunAsync("codespace", "dotfiles", "show")).ExitCode);
    }

    [Fact]
    public async Task They_come_into_new_containers_after_the_commands_of_creation_and_end_no_start()
    {
        var world = scripted.World;
        world.Reset();
        world.Sandbox.Files[".devcontainer.json"] =
            $$"""{ "image": "{{world.Image}}", "postCreateCommand": "own", "postStartCommand": "later", "waitFor": "postStartCommand" }""";
        await world.Ada.DoAsync("PUT", Place, """{"repository":"https://git.example.test/ada/dotfiles"}""");
        world.Engine.Processes = _ => new ScriptedProcess();
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        Assert.Equal(["own", "https://git.example.test/ada/dotfiles", "later"], Ran());
        await world.StopAsync(name);
        await world.UntilAsync(name, CodespaceState.Shutdown);
        world.Engine.ForgetCommands();
        await world.StartAsync(name);
        await world.AvailableAsync(name);
        Assert.Equal(["later"], Ran());
        await world.Ada.DoAsync("DELETE", Place);

        IEnumerable<string> Ran() => world.Engine.LastWords("own", "later", "https://git.example.test/ada/dotfiles");
    }

    [Theory]
    [InlineData("script/setup", "script/setup")]
    [InlineData("setup install.sh script/setup", "install.sh")]
    [InlineData("bootstrap.sh install", "install")]
    public async Task The_first_script_that_is_there_runs(string scripts, string first)
    {
        var url = await RepositoryAsync([.. scripts.Split(' ').Select(name => (name, "#!/bin/sh\necho \"ran $0 in $PWD\"\nexit 3\n"))]);
        Assert.Equal(
            (0, $"dotfiles: running {first}\nran ./{first} in {Home}/dotfiles\ndotfiles: {first} ended with the exit code 3\n"),
            await RunAsync(url));
    }

    [Fact]
    public async Task Without_a_script_files_are_linked_and_folders_stay()
    {
        var url = await RepositoryAsync(
            (".vimrc", "x"), (".config/tool", "x"), ("README.md", "x"), (".gitconfig", "[user]\n\tname = ada\n"));
        Directory.CreateDirectory(Path.Combine(Home, ".config"));
        await File.WriteAllTextAsync(Path.Combine(Home, ".vimrc"), "before", Cancel);
        Assert.Equal(
            (0, "dotfiles: ~/.config is a folder and stays\ndotfiles: linked .gitconfig\ndotfiles: linked .vimrc\n"), await RunAsync(url));
        Assert.Equal(Path.Combine(Home, "dotfiles", ".vimrc"), new FileInfo(Path.Combine(Home, ".vimrc")).LinkTarget);
        Assert.False(File.Exists(Path.Combine(Home, "README.md")));

        // Berth's part of git's configuration still counts, but it is not written into the person's file.
        Assert.DoesNotContain("include", await File.ReadAllTextAsync(Path.Combine(Home, ".gitconfig"), Cancel), StringComparison.Ordinal);
        Assert.Contains(
            "path = /run/berth/git/config", await File.ReadAllTextAsync(Path.Combine(Home, ".config", "git", "config"), Cancel),
            StringComparison.Ordinal);
        Assert.Equal((0, $"dotfiles: {Home}/dotfiles is there and stays as it is\n"), await RunAsync(url));
    }

    [Fact]
    public async Task What_cannot_be_cloned_is_said_and_nothing_more()
    {
        Directory.CreateDirectory(Home);
        Assert.Equal((0, "dotfiles: /nonexistent cannot be cloned\n"), await RunAsync("/nonexistent"));
        Assert.Equal(
            (0, "dotfiles: the image has no git, which would fetch them\n"), await RunAsync("/nonexistent", path: _folder.FullName));
    }

    /// <summary>Runs the command, which gets the stored URL unchanged.</summary>
    private async Task<(int Code, string Output)> RunAsync(string url, string? path = null)
    {
        var arguments = InstallDotfiles.CommandOf(url).Parts.Single().Arguments;
        var info = new ProcessStartInfo(arguments[0], arguments.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = _folder.FullName,
        };
        info.Environment["HOME"] = Home;
        if (path is not null)
        {
            info.Environment["PATH"] = path;
        }

        using var process = Process.Start(info)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, output);
    }

    private async Task<string> RepositoryAsync(params (string Path, string Content)[] files)
    {
        Directory.CreateDirectory(Home);
        var folder = Path.Combine(_folder.FullName, "repository");
        await GitAsync("init", "--quiet", folder);
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, content, Cancel);
        }

        await GitAsync("-C", folder, "add", "--all");
        await GitAsync("-C", folder, "-c", "user.name=ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message", "first");
        return "file://" + folder;
    }

    private static async Task GitAsync(params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { UseShellExecute = false })!;
        await git.WaitForExitAsync(Cancel);
        Assert.Equal(0, git.ExitCode);
    }
}
