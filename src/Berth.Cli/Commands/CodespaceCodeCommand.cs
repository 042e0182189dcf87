using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace code</c> and <c>open</c>: open a codespace in an editor on this machine, over ssh.</summary>
internal static class CodespaceCodeCommand
{
    public static BerthCommand Build()
    {
        var name = CodespaceCommands.Name();
        var print = new Option<bool>("--print") { Description = "Print the link and open nothing" };
        var jetbrains = new Option<bool>("--jetbrains") { Description = "For JetBrains Gateway, whatever your default editor is" };
        var code = new Option<bool>("--vscode") { Description = "For Visual Studio Code, whatever your default editor is" };
        return BerthCommand.Of(
            "code",
            "Open a codespace in an editor of this machine: your default one (berth codespace settings), else Visual Studio Code with "
                + "Remote - SSH; or JetBrains Gateway. Prints its link, and opens it where there is a desktop.",
            ["berth codespace code ada-app-g4wpq6h95q", "berth codespace code ada-app-g4wpq6h95q --jetbrains --print"],
            [name, print, jetbrains, code],
            async call => await OpenAsync(
                call, call.Get(name), call.Get(print),
                call.Get(jetbrains) || (!call.Get(code) && await EditorAsync(call) == CodespaceEditors.JetBrains)));
    }

    /// <summary><c>berth codespace open</c>.</summary>
    public static BerthCommand BuildOpen()
    {
        var name = CodespaceCommands.Name();
        var print = new Option<bool>("--print") { Description = "Of an editor: print the link and open nothing" };
        return BerthCommand.Of(
            "open",
            "Open a codespace in your default editor (berth codespace settings set --editor): Visual Studio Code, JetBrains Gateway, or a "
                + "shell by ssh.",
            ["berth codespace open ada-app-g4wpq6h95q"],
            [name, print],
            async call =>
            {
                var editor = await EditorAsync(call);
                if (editor != CodespaceEditors.Ssh)
                {
                    await OpenAsync(call, call.Get(name), call.Get(print), editor == CodespaceEditors.JetBrains);
                }
                else if (await CodespaceSshCommand.SignInAsync(call, call.Get(name)) is var ended and not 0)
                {
                    throw new CommandException(ended, "");
                }
            });
    }

    private static async Task<string> EditorAsync(CommandCall call) =>
        (await call.Client.CodespaceSettingsAsync(call.CancellationToken)).DefaultEditor ?? CodespaceEditors.Code;

    private static async Task OpenAsync(CommandCall call, string codespace, bool print, bool jetbrains)
    {
        CodespaceSshCommand.Folder(call).WriteConfig(await CodespaceSshCommand.EntriesAsync(call, null));
        var ssh = await call.Client.SshAsync(codespace, call.CancellationToken);
        if (ssh.WorkspaceFolder is null)
        {
            await CodespaceCommands.EnsureAvailableAsync(call, codespace);
            ssh = await call.Client.SshAsync(codespace, call.CancellationToken);
        }

        SayInclude(call);
        var link = jetbrains
            ? JetBrains(codespace, ssh.User, ssh.WorkspaceFolder!)
            : Code(codespace, ssh.WorkspaceFolder!);
        call.Terminal.Out.WriteLine(link);
        if (!print && HasDesktop(call.Terminal))
        {
            Open(link);
        }
    }

    /// <summary>https://code.visualstudio.com/docs/remote/troubleshooting, "Connect to a remote host from the terminal".</summary>
    private static string Code(string host, string folder) =>
        $"vscode://vscode-remote/ssh-remote+{host}{string.Join('/', folder.Split('/').Select(Uri.EscapeDataString))}";

    private static string JetBrains(string host, string user, string folder) =>
        $"jetbrains-gateway://connect#type=ssh&host={host}&port=22&user={user}&projectPath={Uri.EscapeDataString(folder)}";

    /// <summary>
    /// Tells people to include the entries in their own ssh configuration, since editors find the codespace by its entry. This program does
    /// not change that file.
    /// </summary>
    private static void SayInclude(CommandCall call)
    {
        var file = CodespaceSshCommand.Folder(call).ConfigFile;
        var own = Path.Combine(call.Terminal.Environment("HOME") ?? "/", ".ssh", "config");
        if (!File.Exists(own) || !File.ReadAllText(own).Contains(file, StringComparison.Ordinal))
        {
            call.WriteDone($"Editors find codespaces once {own} begins with this line:\n  Include {file}");
        }
    }

    private static bool HasDesktop(Terminal terminal) =>
        OperatingSystem.IsMacOS() || terminal.Environment("DISPLAY") is { Length: > 0 }
            || terminal.Environment("WAYLAND_DISPLAY") is { Length: > 0 };

    private static void Open(string link)
    {
        try
        {
            using var opening = Process.Start(
                new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [link]) { UseShellExecute = false });
        }
        catch (Win32Exception)
        {
            // There is no such program on this desktop. The link was printed.
        }
    }
}
