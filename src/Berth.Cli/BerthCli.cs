using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using Berth.Cli.Commands;
using Berth.Client;

namespace Berth.Cli;

/// <summary>The whole command line: its commands, and how a run ends.</summary>
internal static class BerthCli
{
    public static readonly string[] Examples =
    [
        "berth login http://localhost:5000 < admin-token",
        "berth repo create acme/app --visibility private --clone-url https://git.example.test/acme/app.git",
        "berth package ls acme",
        "berth codespace create acme/app",
        "BERTH_URL=https://berth.example.test BERTH_TOKEN=$TOKEN berth package show acme/app --json",
    ];

    public static RootCommand Build()
    {
        var root = new RootCommand(
            """
            The command line of Berth: accounts, repositories, tokens, packages and codespaces of one server.

            Signs in with BERTH_TOKEN to BERTH_URL, else with the login that `berth login` stored. Tokens are never arguments.
            Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 not signed in, 4 not found, 5 server not reachable.
            """);
        root.Options.Add(new Option<bool>("--json") { Description = "Print the answer as JSON", Recursive = true });
        root.Options.Add(new Option<string?>("--jq")
        {
            Description = "Print what this jq expression makes of the JSON",
            HelpName = "EXPRESSION",
            Recursive = true,
        });
        foreach (var command in Commands())
        {
            root.Subcommands.Add(command);
        }

        foreach (var option in root.Options.OfType<HelpOption>())
        {
            option.Action = new HelpWithExamples((HelpAction)option.Action!);
        }

        return root;
    }

    /// <returns>Returns the exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        // Use English on every machine, since the command line parser has many languages and numbers are written in many ways.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        var configuration = new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
        };
        var parsed = Build().Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is null or ParseErrorAction)
        {
            await terminal.Error.WriteLineAsync(
                $"berth: {string.Join("; ", parsed.Errors.Select(error => error.Message))} (see {HelpOf(parsed)})");
            return ExitCodes.Usage;
        }

        if (parsed.Action is not null)
        {
            return await parsed.InvokeAsync(configuration);
        }

        if (parsed.CommandResult.Command is not BerthCommand { Run: { } run })
        {
            return await Build().Parse([.. args, "--help"]).InvokeAsync(configuration) == 0 ? ExitCodes.Usage : ExitCodes.Failed;
        }

        using var interrupted = new CancellationTokenSource();
        void Interrupt(object? sender, ConsoleCancelEventArgs stop)
        {
            stop.Cancel = true;
            interrupted.Cancel();
        }

        Console.CancelKeyPress += Interrupt;
        try
        {
            using var call = new CommandCall(parsed, terminal, interrupted.Token);
            return await EndAsync(call.RunAsync(run), terminal);
        }
        finally
        {
            Console.CancelKeyPress -= Interrupt;
        }
    }

    private static IEnumerable<Command> Commands() =>
    [
        LoginCommands.Login(), LoginCommands.Logout(), LoginCommands.WhoAmI(),
        AdminCommands.Build(), OrganizationCommands.Build(), RepositoryCommands.Build(), TokenCommands.Build(), TrustCommands.Build(),
        PackageCommands.Build(), SecretCommands.Build(), RegistryCommands.Build(),
        CodespaceCommands.Build(),
            PrebuildCommands.Build(), AuditCommand.Build(), HookCommands.Build(), CompletionCommand.Build(),
    ];

    /// <summary>Writes one clear line for every failure.</summary>
    private static async Task<int> EndAsync(Task run, Terminal terminal)
    {
        try
        {
            await run;
            return ExitCodes.Ok;
        }
        catch (CommandException exception)
        {
            // The message is empty when a program in a codespace has reported its failure already.
            if (exception.Message.Length > 0)
            {
                await terminal.Error.WriteLineAsync($"berth: {exception.Message}");
            }

            return exception.ExitCode;
        }
        catch (BerthException exception)
        {
            var request = exception.RequestId is null ? "" : $" (request {exception.RequestId})";
            await terminal.Error.WriteLineAsync($"berth: {exception.Message}{request}");
            return ExitCodes.Of(exception);
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (IOException exception)
        {
            await terminal.Error.WriteLineAsync($"berth: {exception.Message}");
            return ExitCodes.Failed;
        }
    }

    private static string HelpOf(ParseResult parsed)
    {
        List<string> names = [];
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, result.Command is RootCommand ? "berth" : result.Command.Name);
        }

        return string.Join(' ', names) + " --help";
    }
}
