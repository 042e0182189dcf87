using System.CommandLine;
using Berth.Client;
using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli.Commands;

/// <summary>Codespaces: dev containers of a repository, started by the server.</summary>
internal static class CodespaceCommands
{
    private const string Available = "Available";

    public static BerthCommand Build() => BerthCommand.Group(
        "codespace",
        "Codespaces: dev containers started from a repository, which pull private images with nothing to set up.",
        ["berth codespace create acme/app", "berth codespace exec NAME -- make test", "berth codespace logs NAME"],
        Create(),
        PreflightCommand.Build(),
        List(),
        Show(),
        Logs(),
        CodespaceExecCommand.Build(),
        CodespaceSshCommand.Build(),
        CodespaceCodeCommand.Build(),
        CodespaceCodeCommand.BuildOpen(),
        CodespaceCopyCommand.Build(),
        CodespaceForwardCommand.Build(),
        Edit(),
        CodespacePermissionCommands.Build(),
        DotfilesCommands.Build(),
        CodespaceSettingsCommands.Build(),
        Begin(
            "start", "Start a codespace that stopped or failed, and follow it.",
            (call, name) => call.Client.StartCodespaceAsync(name, call.CancellationToken)),
        Begin(
            "rebuild", "Make a new container from the configuration in the workspace; files of the workspace stay.",
            (call, name) => call.Client.RebuildCodespaceAsync(name, call.CancellationToken)),
        Stop(),
        Delete());

    public static Argument<string> Name() => Arguments.Text("NAME", "The codespace's name, from berth codespace list");

    private static BerthCommand Create()
    {
        var repository = Arguments.Repository();
        var reference = Arguments.Option("--ref", "Branch or tag (default: the one that the remote names)");
        var path = Arguments.Option("--devcontainer-path", "Which configuration, when the repository has several");
        var display = Arguments.Option("--display-name", "A name for people");
        var allow = new Option<bool>("--allow-permissions")
        {
            Description = "Allow what the repository asks for beside its own packages, without a question",
        };
        var without = new Option<bool>("--default-permissions")
        {
            Description = "Go without what the repository asks for beside its own packages",
        };
        var machine = Arguments.Option(
            "--machine",
            "Which machine, as GET /repos/OWNER/NAME/codespaces/machines lists them (default: your setting, else the smallest)");
        var idle = new Option<int?>("--idle-timeout") { Description = "Minutes without use after which it stops (5 to 240, default 30)" };
        var retention = new Option<int?>("--retention")
        {
            Description = "Minutes after a stop until it is deleted (0 to 43200, default 30 days)",
        };
        var detach = Detach();
        return BerthCommand.Of(
            "create",
            "Create a codespace of a repository and follow its start. Ends with 1 when the start fails, with the reason.",
            ["berth codespace create acme/app", "berth codespace create acme/app --ref feature/login --detach"],
            [repository, reference, path, display, machine, idle, retention, allow, without, detach],
            async call =>
            {
                var wanted = new NewCodespace
                {
                    Ref = call.Get(reference),
                    DevcontainerPath = call.Get(path),
                    DisplayName = call.Get(display),
                    Machine = call.Get(machine),
                    IdleTimeoutMinutes = call.Get(idle),
                    RetentionPeriodMinutes = call.Get(retention),
                    MultiRepoPermissionsOptOut = call.Get(without) ? true : null,
                };
                var codespace = await CodespacePermissionCommands.CreateAsync(call, call.Get(repository), wanted, call.Get(allow));
                await EndAsync(call, codespace, call.Get(detach));
            });
    }

    private static BerthCommand Edit()
    {
        var name = Name();
        var display = Arguments.Option("--display-name", "A name for people");
        var machine = Arguments.Option("--machine", "Another machine, from the next rebuild on");
        var idle = new Option<int?>("--idle-timeout") { Description = "Minutes without use after which it stops (5 to 240)" };
        var retention = new Option<int?>("--retention") { Description = "Minutes after a stop until it is deleted (0 to 43200)" };
        return BerthCommand.Of(
            "edit",
            "Change a codespace's name for people, its machine, or how long it runs unused and is kept.",
            ["berth codespace edit ada-app-g4wpq6h95q --idle-timeout 120", "berth codespace edit ada-app-g4wpq6h95q --retention 1440"],
            [name, display, machine, idle, retention],
            async call => call.Print(
                await call.Client.ChangeCodespaceAsync(
                    call.Get(name),
                    new CodespaceChange
                    {
                        DisplayName = call.Get(display),
                        Machine = call.Get(machine),
                        IdleTimeoutMinutes = call.Get(idle),
                        RetentionPeriodMinutes = call.Get(retention),
                    },
                    call.CancellationToken),
                Details));
    }

    private static BerthCommand List()
    {
        var repository = Arguments.Option("--repo", "Of this repository only (owner/name)");
        return BerthCommand.Of(
            "list",
            "List your codespaces, the last used first.",
            ["berth codespace list", "berth codespace list --repo acme/app --json"],
            [repository],
            async call => call.PrintList(
                await call.Client.CodespacesAsync(call.Get(repository), call.CancellationToken),
                "You have no codespaces.",
                ("NAME", codespace => codespace.Name),
                ("REPOSITORY", codespace => codespace.Repository?.FullName ?? "(deleted)"),
                ("REF", codespace => codespace.GitStatus.Ref),
                ("STATE", codespace => codespace.State),
                ("LAST USED", codespace => $"{codespace.LastUsedAt:yyyy-MM-dd HH:mm}")));
    }

    private static BerthCommand Show()
    {
        var name = Name();
        return BerthCommand.Of(
            "show",
            "Show a codespace, and why it failed.",
            ["berth codespace show ada-app-g4wpq6h95q"],
            [name],
            async call => call.Print(await call.Client.CodespaceAsync(call.Get(name), call.CancellationToken), Details));
    }

    private static BerthCommand Logs()
    {
        var name = Name();
        var follow = new Option<bool>("--follow", "-f")
        {
            Description = "Go on until the start under way has ended, with the commands that it runs in the background",
        };
        var latest = new Option<bool>("--latest") { Description = "Of the last start only" };
        return BerthCommand.Of(
            "logs",
            "Print the creation log of a codespace: each step of its starts, and what went wrong.",
            ["berth codespace logs ada-app-g4wpq6h95q", "berth codespace logs ada-app-g4wpq6h95q --follow"],
            [name, follow, latest],
            async call =>
            {
                await foreach (var line in call.Client.CodespaceLogAsync(
                    call.Get(name), call.Get(latest), call.Get(follow) ? LogFollow.ToEnd : LogFollow.No, call.CancellationToken))
                {
                    await call.Terminal.Out.WriteLineAsync(line);
                }
            });
    }

    private static BerthCommand Begin(string verb, string description, Func<CommandCall, string, Task<Codespace>> begin)
    {
        var name = Name();
        var detach = Detach();
        return BerthCommand.Of(
            verb,
            description,
            [$"berth codespace {verb} ada-app-g4wpq6h95q"],
            [name, detach],
            async call => await EndAsync(call, await begin(call, call.Get(name)), call.Get(detach)));
    }

    private static BerthCommand Stop()
    {
        var name = Name();
        return BerthCommand.Of(
            "stop",
            "Stop a codespace. Its files stay; its token ends.",
            ["berth codespace stop ada-app-g4wpq6h95q"],
            [name],
            async call =>
            {
                await call.Client.StopCodespaceAsync(call.Get(name), call.CancellationToken);
                await FollowAsync(call, call.Get(name), show: false);
                call.Print(
                    await call.Client.CodespaceAsync(call.Get(name), call.CancellationToken),
                    (_, stopped) => call.WriteDone($"{stopped.Name} is {stopped.State}."));
            });
    }

    private static BerthCommand Delete()
    {
        var name = Name();
        var yes = new Option<bool>("--yes") { Description = "Do not ask" };
        return BerthCommand.Of(
            "delete",
            "Delete a codespace with its container and workspace. What was not pushed is lost.",
            ["berth codespace delete ada-app-g4wpq6h95q"],
            [name, yes],
            async call =>
            {
                if (call.Terminal.Interactive && !call.Get(yes)
                    && !await new ConfirmationPrompt($"Delete {Markup.Escape(call.Get(name))} and everything in it that was not pushed?")
                    {
                        DefaultValue = false,
                    }
                        .ShowAsync(call.Terminal.Screen(), call.CancellationToken))
                {
                    throw new CommandException(ExitCodes.Failed, "nothing was deleted");
                }

                await call.Client.DeleteCodespaceAsync(call.Get(name), call.CancellationToken);
                call.WriteDone($"Deleted {call.Get(name)}.");
            });
    }

    private static Option<bool> Detach() => new("--detach", "-d") { Description = "Do not wait for the start to end" };

    /// <summary>Starts the codespace if it does not run, and follows the start.</summary>
    public static async Task EnsureAvailableAsync(CommandCall call, string name)
    {
        var codespace = await call.Client.CodespaceAsync(name, call.CancellationToken);
        if (codespace.State == Available)
        {
            return;
        }

        if (codespace.State is not ("Queued" or "Provisioning" or "Starting"))
        {
            try
            {
                await call.Client.StartCodespaceAsync(name, call.CancellationToken);
            }
            catch (BerthException exception) when (exception.Status == System.Net.HttpStatusCode.Conflict)
            {
                // Something else has started it at this moment, perhaps an editor with several connections.
            }
        }

        await FollowAsync(call, name, show: true);
        codespace = await call.Client.CodespaceAsync(name, call.CancellationToken);
        if (codespace.State != Available)
        {
            throw new CommandException(ExitCodes.Failed, $"{name} is {codespace.State}, not {Available}: {codespace.Failure}");
        }
    }

    /// <summary>Follows a start that has begun, and ends with its result.</summary>
    private static async Task EndAsync(CommandCall call, Codespace codespace, bool detach)
    {
        if (!detach)
        {
            await FollowAsync(call, codespace.Name, show: !call.Json);
            codespace = await call.Client.CodespaceAsync(codespace.Name, call.CancellationToken);
        }

        call.Print(codespace, (writer, made) => writer.WriteLine(made.Name));
        if (codespace.State == "Failed")
        {
            throw new CommandException(ExitCodes.Failed, $"{codespace.Name} has failed: {codespace.Failure}");
        }
    }

    /// <summary>
    /// Shows the log while it is written. On a terminal the current step is below it. It goes to standard error, so that the name can be
    /// piped.
    /// </summary>
    private static async Task FollowAsync(CommandCall call, string name, bool show)
    {
        var lines = call.Client.CodespaceLogAsync(name, latest: true, LogFollow.UntilAvailable, call.CancellationToken);
        var terminal = call.Terminal;
        if (!show || !terminal.Interactive)
        {
            await foreach (var line in lines)
            {
                if (show)
                {
                    await terminal.Error.WriteLineAsync(line);
                }
            }

            return;
        }

        var screen = (terminal with { Out = terminal.Error }).Screen();
        await screen.Status().StartAsync("starting", async status =>
        {
            await foreach (var line in lines)
            {
                screen.WriteLine(line);
                var step = line.Split('[', ']') is [_, var word, ..] ? word : "starting";
                status.Status(Markup.Escape(step));
            }
        });
    }

    private static void Details(TextWriter writer, Codespace codespace) => CommandCall.Details(
        writer,
        ("Name", codespace.Name),
        ("Display name", codespace.DisplayName),
        ("Repository", codespace.Repository?.FullName ?? "(deleted)"),
        ("Ref", codespace.GitStatus.Ref),
        ("State", codespace.State),
        ("Failure", codespace.Failure),
        ("Stopped", codespace.LastKnownStopNotice),
        ("Machine", codespace.Machine?.DisplayName),
        ("Idle timeout", codespace.IdleTimeoutMinutes is { } idle ? $"{idle} minutes" : null),
        ("Deleted", codespace.RetentionExpiresAt is { } expires ? $"{expires:yyyy-MM-dd HH:mm}" : null),
        ("Image", codespace.Image),
        ("Created", $"{codespace.CreatedAt:yyyy-MM-dd HH:mm}"),
        ("Last used", $"{codespace.LastUsedAt:yyyy-MM-dd HH:mm}"));
}
