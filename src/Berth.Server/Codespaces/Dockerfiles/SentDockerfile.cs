using System.Text;
using Berth.Server.Codespaces.Expansion;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>One instruction for an engine, and where it comes from.</summary>
internal sealed record SentLine(string Text, TextPlace Place);

/// <summary>An image that a stage begins with, as the engine has it.</summary>
/// <param name="Environment">Its variables as NAME=VALUE. Null: not known yet.</param>
internal sealed record SentBase(string Reference, IReadOnlyList<string>? Environment)
{
    /// <summary>The folder in which its processes start; null when it names none.</summary>
    public string? Folder { get; init; }
}

/// <summary>One stage for an engine.</summary>
/// <param name="Base">Null when the stage begins with another stage, or with nothing.</param>
/// <param name="Parent">The name of the stage that it begins with. Null when there is none.</param>
internal sealed record SentStage(string Name, SentBase? Base, string? Parent, TextPlace Place, IReadOnlyList<SentLine> Lines);

/// <summary>
/// A Dockerfile as the engine gets it. It cannot be made without the checks: the engine replaces variables by itself, so before it sees the
/// text, the size of the result is charged to the budget, and its folders are checked.
/// </summary>
internal sealed class SentDockerfile
{
    private SentDockerfile(string text) => Text = text;

    /// <summary>The name of its file within the context.</summary>
    public const string Name = ".berth-dockerfile";

    public string Text { get; }

    /// <exception cref="Faults.FaultException">
    /// It becomes too large, or names a folder of the kernel. The message says file and line.
    /// </exception>
    public static SentDockerfile Write(
        char escape, IEnumerable<SentLine> globals, IEnumerable<SentStage> stages, IReadOnlyDictionary<string, string> arguments,
        ExpansionBudget budget)
    {
        var count = new EngineExpansion(escape, arguments, budget);
        var folders = new EngineFolders(escape, arguments, budget);
        var text = new StringBuilder();
        text.Append("# escape=").Append(escape).Append('\n');
        foreach (var global in globals)
        {
            count.Global(global);
            folders.Global(global);
            text.Append(global.Text).Append('\n');
        }

        foreach (var stage in stages)
        {
            count.Begin(stage);
            folders.Begin(stage);
            text.Append("FROM ").Append(stage.Parent ?? stage.Base?.Reference ?? "scratch").Append(" AS ").Append(stage.Name).Append('\n');
            foreach (var line in stage.Lines)
            {
                count.Add(line);
                folders.Add(line);
                text.Append(line.Text).Append('\n');
            }
        }

        return new SentDockerfile(text.ToString());
    }

    /// <summary>Writes one stage on top of an image, with instructions that Berth wrote.</summary>
    /// <exception cref="Faults.FaultException">It becomes too large.</exception>
    public static SentDockerfile Layer(
        string stage, SentBase below, IEnumerable<string> instructions, string what, ExpansionBudget budget) =>
        Write(
            '\\', [],
            [
                new SentStage(
                    stage, below, null, new TextPlace(what), [.. instructions.Select(line => new SentLine(line, new TextPlace(what)))]),
            ],
            new Dictionary<string, string>(StringComparer.Ordinal), budget);
}
