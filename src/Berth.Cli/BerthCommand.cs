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

    /// <summary>A command that does something.</summary>
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

    /// <summary>Neither the words of shells nor those of other command lines have to be unlearned.</summary>
    private static string? OtherName(string name) => name switch
    {
        "list" => "ls",
        "ls" => "list",
        "delete" or "remove" => "rm",
        "rm" => "delete",
        _ => null,
    };

    /// <summary>A command that only holds others.</summary>
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

/// <summary>The usual help, and below it the examples.</summary>
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
