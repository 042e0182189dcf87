using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Berth.Cli;

/// <summary>A command with examples in its help, and an action that gets a <see cref="CommandCall"/>.</summary>
internal sealed class BerthCommand : Command
{
    private BerthCommand(string name, string description, IReadOnlyList<string> examples)
        : base(name, description) => Examples = examples;

    public IReadOnlyList<string> Examples { get; }

    public Func<CommandCall, Task>? Run { get; private init; }

    /// <summary>Makes a command with an action.</summary>
    public static BerthCommand Of(string name, string description, string[] examples, Symbol[] symbols, Func<CommandCall, Task> run)
    {
        var command = new BerthCommand(name, description, examples) { Run = run };
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        return command;
    }

    /// <summary>Returns a second name, so that users need not unlearn the words of shells and of other command lines.</summary>
    private static string? OtherName(string name) => name switch
    {
        "list" => "ls",
        "ls" => "list",
        "delete" or "remove" => "rm",
        "rm" => "delete",
        _ => null,
    };

    /// <summary>Makes a command that only contains others.</summary>
    public static BerthCommand Group(string name, string description, string[] examples, params Command[] commands)
    {
        var group = new BerthCommand(name, description, examples);
        foreach (var command in commands)
        {
            group.Subcommands.Add(command);
            if (OtherName(command.Name) is { } other && !Array.Exists(commands, sibling => sibling.Name == other))
            {
                command.Aliases.Add(other);
            }
        }

        return group;
    }
}

/// <summary>The usual help, followed by the examples.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.MaxWidth = 120;
        usual.Invoke(parseResult);
        var examples = parseResult.CommandResult.Command is BerthCommand command ? command.Examples : BerthCli.Examples;
        var writer = parseResult.InvocationConfiguration.Output;
        writer.WriteLine("Examples:");
        foreach (var example in examples)
        {
            writer.WriteLine("  " + example);
        }

        writer.WriteLine();
        return ExitCodes.Ok;
    }
}
