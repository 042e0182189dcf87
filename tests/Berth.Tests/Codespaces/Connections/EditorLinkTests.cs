using Berth.Tests.Cli;
using Berth.Tests.Codespaces.Scripted;

namespace Berth.Tests.Codespaces.Connections;

/// <summary><c>berth codespace code</c> and <c>open</c>: the links with which editors on a person's machine find a codespace.</summary>
public sealed class EditorLinkTests(ScriptedServer shared) : IClassFixture<ScriptedServer>
{
    private ScriptedWorld World => shared.World;

    [Fact]
    public async Task An_editor_is_given_the_ssh_entry_and_the_workspace()
    {
        using var cli = new CliRun(World.Server, World.Ada.Token);
        var name = await World.CreateAsync();
        var folder = (await World.RowAsync(name))!.WorkspaceFolder;
        Assert.Equal(
            $"vscode://vscode-remote/ssh-remote+{name}{folder}\n", await cli.DoAsync($"codespace code {name} --print"));
        Assert.Equal(
            $"jetbrains-gateway://connect#type=ssh&host={name}&port=22&user=codespace&projectPath={Uri.EscapeDataString(folder!)}\n",
            await cli.DoAsync($"codespace code {name} --jetbrains --print"));
        Assert.Contains(
            $"Host {name}\n",
            await File.ReadAllTextAsync(
                Path.Combine(cli.Home, ".config", "berth", "ssh", "config"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Which_editor_is_a_persons_own_setting()
    {
        using var cli = new CliRun(World.Server, World.Ada.Token);
        var name = await World.CreateAsync();
        await cli.DoAsync("codespace settings set --editor jetbrains");
        Assert.StartsWith("jetbrains-gateway://", await cli.DoAsync($"codespace open {name} --print"), StringComparison.Ordinal);
        Assert.StartsWith("jetbrains-gateway://", await cli.DoAsync($"codespace code {name} --print"), StringComparison.Ordinal);
        Assert.StartsWith("vscode://", await cli.DoAsync($"codespace code {name} --vscode --print"), StringComparison.Ordinal);
        await cli.DoAsync("codespace settings set --editor vscode");
        Assert.StartsWith("vscode://", await cli.DoAsync($"codespace open {name} --print"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_line_that_their_own_file_needs_is_said_until_it_is_there()
    {
        using var cli = new CliRun(World.Server, World.Ada.Token);
        var name = await World.CreateAsync();
        var include = $"Include {Path.Combine(cli.Home, ".config", "berth", "ssh", "config")}";
        var said = await cli.RunAsync("codespace", "code", name, "--print");
        Assert.Contains(include, said.Error, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(cli.Home, ".ssh"));
        await File.WriteAllTextAsync(Path.Combine(cli.Home, ".ssh", "config"), include + "\n", TestContext.Current.CancellationToken);
        Assert.DoesNotContain(
            "Include", (await cli.RunAsync("codespace", "code", name, "--print")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_codespace_that_is_stopped_is_started_first()
    {
        using var cli = new CliRun(World.Server, World.Ada.Token);
        var name = await World.CreateAsync();
        await World.StopAsync(name);
        await World.UntilAsync(name, "Shutdown");
        Assert.Contains("vscode://", await cli.DoAsync($"codespace code {name} --vscode --print"), StringComparison.Ordinal);
    }
}
