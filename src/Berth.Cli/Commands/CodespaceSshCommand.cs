using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace ssh</c>: runs this machine's OpenSSH client, with its connection through the server.</summary>
internal static class CodespaceSshCommand
{
    public static BerthCommand Build()
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "The codespace's name, from berth codespace list",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var words = new Argument<string[]>("COMMAND")
        {
            Description = "Options of ssh and a command, after --",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var config = new Option<bool>("--config")
        {
            Description = "Print entries for ~/.ssh/config, of all your codespaces or the one named, and end",
        };
        var stdio = new Option<bool>("--stdio")
        {
            Description = "Be the connection itself, on standard input and output: what the entries run",
            Hidden = true,
        };
        return BerthCommand.Of(
            "ssh",
            "Sign in to a codespace by ssh, in its workspace, or run a command there. It is started first when it does not run. The image "
                + "needs no SSH server, and nothing listens: the connection goes through the server, with your token.",
            [
                "berth codespace ssh ada-app-g4wpq6h95q", "berth codespace ssh ada-app-g4wpq6h95q -- make test",
                "berth codespace ssh ada-app-g4wpq6h95q -- -L 8080:localhost:8080 -N", "berth codespace ssh --config >> ~/.ssh/config",
            ],
            [name, words, config, stdio],
            async call =>
            {
                if (call.Get(config))
                {
                    await call.Terminal.Out.WriteAsync(await EntriesAsync(call, call.Get(name)));
                    return;
                }

                var codespace = call.Get(name) ?? throw new CommandException(ExitCodes.Usage, "which codespace? Write its NAME");
                var code = call.Get(stdio) ? await ConnectAsync(call, codespace) : await SignInAsync(call, codespace, call.Get(words));
                if (code != 0)
                {
                    throw new CommandException(code, "");
                }
            });
    }

    /// <summary>Returns entries for ssh_config(5), and writes the files that they name.</summary>
    /// <param name="name">Null: entries for all codespaces.</param>
    public static async Task<string> EntriesAsync(CommandCall call, string? name)
    {
        var folder = Folder(call);
        folder.Renew(TimeProvider.System.GetUtcNow());
        List<string> names = name is not null
            ? [name]
            : [.. (await call.Client.CodespacesAsync(null, call.CancellationToken)).Select(codespace => codespace.Name)];
        List<string> entries = [];
        foreach (var one in names)
        {
            var ssh = await call.Client.SshAsync(one, call.CancellationToken);
            folder.Know(one, ssh);
            entries.Add(folder.Entry(one, ssh));
        }

        if (call.Terminal.Environment("BERTH_TOKEN") is { Length: > 0 })
        {
            call.WriteDone("BERTH_TOKEN is set here: ssh needs it as well wherever it runs, or store a login: berth login");
        }

        return string.Join('\n', entries);
    }

    public static SshFolder Folder(CommandCall call) => SshFolder.Of(call.Terminal, SshFolder.OwnProgram());

    /// <summary>Starts the codespace first if it does not run.</summary>
    /// <returns>Returns the exit code of ssh.</returns>
    public static async Task<int> SignInAsync(CommandCall call, string name, params string[] words)
    {
        await CodespaceCommands.EnsureAvailableAsync(call, name);
        return await RunAsync(call, name, words);
    }

    /// <summary>Runs OpenSSH's own client, as if the user had called it.</summary>
    /// <returns>Returns its exit code.</returns>
    private static async Task<int> RunAsync(CommandCall call, string name, string[] words)
    {
        var folder = Folder(call);
        folder.Renew(TimeProvider.System.GetUtcNow());
        var ssh = await call.Client.SshAsync(name, call.CancellationToken);
        folder.Know(name, ssh);
        var options = folder.Options(name, ssh).SelectMany(option => new[] { "-o", $"{option.Name}={option.Value}" });
        try
        {
            using var client = Process.Start(new ProcessStartInfo("ssh", [.. options, name, .. words]) { UseShellExecute = false })!;

            // Keys that end a program also end the client, or the client passes them on.
            await client.WaitForExitAsync(CancellationToken.None);
            return client.ExitCode;
        }
        catch (Win32Exception)
        {
            throw new CommandException(ExitCodes.Failed, "ssh is not installed here: install OpenSSH's client");
        }
    }

    /// <summary>Uses standard input and output as the connection.</summary>
    private static async Task<int> ConnectAsync(CommandCall call, string name)
    {
        await CodespaceCommands.EnsureAvailableAsync(call, name);
        var keys = Folder(call).PublicKeys();
        if (keys.Count == 0)
        {
            throw new CommandException(ExitCodes.Failed, "there is no key pair: berth codespace ssh --config makes one");
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken);
        using var connection = await call.Client.ConnectSshAsync(name, new SshStart(keys), call.CancellationToken);
        await using var output = Console.OpenStandardOutput();
        await using var errors = Console.OpenStandardError();
        _ = ProcessInput.SendAsync(connection, ended.Token);
        try
        {
            return await connection.ReadAsync(
                async (stream, piece) =>
                {
                    var target = stream == 2 ? errors : output;
                    await target.WriteAsync(piece, call.CancellationToken);
                    await target.FlushAsync(call.CancellationToken);
                },
                call.CancellationToken);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }
}
