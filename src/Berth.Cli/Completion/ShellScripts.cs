using System.Text;

namespace Berth.Cli.Completion;

/// <summary>
/// Writes the completion for a shell. Each script has the same two steps. First it finds the place by the commands among the words so far.
/// Then the place, or an option right before the cursor, says what may come next.
/// </summary>
internal static class ShellScripts
{
    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static string Of(string shell, IReadOnlyList<CompletionPlace> places) => shell switch
    {
        "bash" => Bash(places),
        "zsh" => Zsh(places),
        _ => Fish(places),
    };

    // The script does not need bash-completion, and works in bash 3.2 of macOS. It offers files if it knows nothing better.
    private static string Bash(IReadOnlyList<CompletionPlace> places) =>
        $$"""
        # Completion of berth for bash: source <(berth completion bash)
        _berth() {
          local cur=${COMP_WORDS[COMP_CWORD]} place="" words="" i
          for ((i = 1; i < COMP_CWORD; i++)); do
            case "$place ${COMP_WORDS[i]}" in
        {{Commands(places, "      ", ")")}}
                place="$place ${COMP_WORDS[i]}" ;;
            esac
          done
          case "$place ${COMP_WORDS[COMP_CWORD - 1]}" in
        {{Values(places, values => values.Count == 0 ? "return" : $"words={Quoted(string.Join(' ', values))}")}}
            *)
              case "$place" in
        {{Lines(places, place => $"        {Quoted(Key(place))}) words={Quoted(string.Join(' ', place.Words.Select(word => word.Text)))} ;;")}}
              esac ;;
          esac
          COMPREPLY=($(compgen -W "$words" -- "$cur"))
        }
        complete -o default -F _berth berth

        """;

    private static string Zsh(IReadOnlyList<CompletionPlace> places) =>
        $$"""
        #compdef berth
        # Completion of berth for zsh: source <(berth completion zsh), or this file as _berth in a folder of $fpath
        _berth() {
          local place="" i
          local -a found
          for ((i = 2; i < CURRENT; i++)); do
            case "$place ${words[i]}" in
        {{Commands(places, "      (", ")")}}
                place="$place ${words[i]}" ;;
            esac
          done
          case "$place ${words[CURRENT - 1]}" in
        {{Values(places, values => values.Count == 0 ? "_files; return" : $"compadd -- {string.Join(' ', values.Select(Quoted))}; return")}}
          esac
          case "$place" in
        {{Lines(places, place => $"    ({Quoted(Key(place))}) found=({string.Join(' ', place.Words.Select(Described))}) ;;")}}
          esac
          _describe -t commands berth found
        }
        compdef _berth berth
        [ "${funcstack[1]}" = _berth ] && _berth "$@"

        """;

    private static string Fish(IReadOnlyList<CompletionPlace> places)
    {
        var script = new StringBuilder(
            $$"""
            # Completion of berth for fish: berth completion fish | source
            function __berth_place
              set -l place ""
              for word in (commandline -opc)[2..-1]
                switch "$place $word"
                  case {{string.Join(' ', Paths(places).Select(path => Quoted(" " + path)))}}
                    set place "$place $word"
                end
              end
              echo "$place"
            end

            """);
        foreach (var place in places)
        {
            var at = $"complete -c berth -n 'test (__berth_place) = \"{Key(place)}\"'";
            if (place.Commands.Count + place.Arguments.Count > 0)
            {
                script.Append($"{at} -f\n");
            }

            foreach (var word in place.Commands)
            {
                script.Append($"{at} -a {word.Text} -d {Quoted(word.Description)}\n");
            }

            if (place.Arguments.Count > 0)
            {
                script.Append($"{at} -a {Quoted(string.Join(' ', place.Arguments))}\n");
            }

            foreach (var (word, values) in place.Options.Where(option => option.Word.Text.StartsWith("--", StringComparison.Ordinal)))
            {
                var value = values switch { null => "", [] => " -r -F", _ => $" -x -a {Quoted(string.Join(' ', values))}" };
                script.Append($"{at} -l {word.Text[2..]}{value} -d {Quoted(word.Description)}\n");
            }
        }

        return script.ToString();
    }

    /// <summary>The place as the scripts write it: a space before each command.</summary>
    private static string Key(CompletionPlace place) => place.Path.Length == 0 ? "" : " " + place.Path;

    private static IEnumerable<string> Paths(IReadOnlyList<CompletionPlace> places) =>
        places.Select(place => place.Path).Where(path => path.Length > 0);

    /// <summary>The pattern that matches all commands.</summary>
    private static string Commands(IReadOnlyList<CompletionPlace> places, string open, string close) =>
        open + string.Join('|', Paths(places).Select(path => Quoted(" " + path))) + close;

    /// <summary>Writes a line for each set of options with the same values.</summary>
    private static string Values(IReadOnlyList<CompletionPlace> places, Func<IReadOnlyList<string>, string> then) => string.Join(
        '\n',
        places.SelectMany(place => place.Options.Where(option => option.Values is not null), (place, option) => (place, option))
            .GroupBy(one => then(one.option.Values!), one => Quoted($"{Key(one.place)} {one.option.Word.Text}"), StringComparer.Ordinal)
            .Select(group => $"    {string.Join('|', group)}) {group.Key} ;;"));

    private static string Lines(IReadOnlyList<CompletionPlace> places, Func<CompletionPlace, string> line) =>
        string.Join('\n', places.Select(line));

    private static string Described(CompletionWord word) =>
        Quoted(word.Description.Length == 0 ? word.Text : $"{word.Text.Replace(":", "\\:", StringComparison.Ordinal)}:{word.Description}");

    /// <summary>Quotes a word for a shell, on one line.</summary>
    private static string Quoted(string text) =>
        $"'{text.Replace('\n', ' ').Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
