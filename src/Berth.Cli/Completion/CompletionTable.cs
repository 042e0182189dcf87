using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;

namespace Berth.Cli.Completion;

/// <summary>A word that may come next, and its meaning.</summary>
internal sealed record CompletionWord(string Text, string Description);

/// <summary>An option: its name, and the values that may follow it.</summary>
/// <param name="Values">Null: the option takes no value. Empty: the value may be anything, such as a file.</param>
internal sealed record CompletionOption(CompletionWord Word, IReadOnlyList<string>? Values);

/// <summary>What may come next after certain words of a command line.</summary>
/// <param name="Path">The commands so far, such as <c>package access</c>. Empty: none.</param>
internal sealed record CompletionPlace(
    string Path, IReadOnlyList<CompletionWord> Commands, IReadOnlyList<CompletionOption> Options, IReadOnlyList<string> Arguments)
{
    /// <summary>All words that may come next, unless an option with a value precedes.</summary>
    public IEnumerable<CompletionWord> Words =>
        [.. Commands, .. Arguments.Select(value => new CompletionWord(value, "")), .. Options.Select(option => option.Word)];
}

/// <summary>The commands as a table, from which the completion of every shell is written. The table is made from the commands.</summary>
internal static class CompletionTable
{
    public static List<CompletionPlace> Of(Command root)
    {
        List<CompletionPlace> places = [];
        Add(root, "", [], places);
        return places;
    }

    private static void Add(Command command, string path, IReadOnlyList<Option> inherited, List<CompletionPlace> places)
    {
        IReadOnlyList<Option> recursive = [.. inherited, .. command.Options.Where(option => option.Recursive)];
        places.Add(new CompletionPlace(
            path,
            [.. command.Subcommands.Where(sub => !sub.Hidden).Select(sub => new CompletionWord(sub.Name, sub.Description ?? ""))],
            [
                .. command.Options.Concat(inherited).Where(option => !option.Hidden).DistinctBy(option => option.Name)
                    .OrderBy(option => option.Name, StringComparer.Ordinal).Select(Option),
            ],
            [.. command.Arguments.SelectMany(Values).Distinct()]));
        foreach (var sub in command.Subcommands.Where(sub => !sub.Hidden))
        {
            foreach (var name in sub.Aliases.Prepend(sub.Name))
            {
                Add(sub, $"{path} {name}".TrimStart(), recursive, places);
            }
        }
    }

    private static CompletionOption Option(Option option) => new(
        new CompletionWord(option.Name, option.Description ?? ""),
        option is HelpOption or VersionOption or Option<bool> ? null : [.. Values(option)]);

    private static IEnumerable<string> Values(Symbol symbol) =>
        symbol.GetCompletions(CompletionContext.Empty).Select(item => item.Label).Where(value => !value.StartsWith('-'));
}
