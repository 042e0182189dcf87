using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>
/// Reads a Dockerfile's instructions. It finds the stages and their sources, and writes each line for the engine's own builder.
/// </summary>
/// <remarks>
/// The engine's own builder is the one without BuildKit. BuildKit's instructions are rewritten where possible. The others are refused if a
/// needed stage uses them.
/// </remarks>
internal sealed partial class StageReader(
    ParsedDockerfile file, IReadOnlyDictionary<string, string> arguments, IReadOnlyDictionary<string, NamedContext> contexts,
    string architecture, ExpansionBudget budget, Refusals refusals)
{
    public const string NoBuildKit = "needs BuildKit, which builds of codespaces do not have";
    private static readonly SearchValues<char> NotPlain = SearchValues.Create("$\"'\\`:");
    private readonly DockerfileVariables _global = new(file.Escape, budget);
    private readonly Dictionary<string, string> _platform = new(StringComparer.Ordinal)
    {
        ["TARGETPLATFORM"] = "linux/" + architecture,
        ["TARGETOS"] = "linux",
        ["TARGETARCH"] = architecture,
        ["TARGETVARIANT"] = "",
        ["BUILDPLATFORM"] = "linux/" + architecture,
        ["BUILDOS"] = "linux",
        ["BUILDARCH"] = architecture,
        ["BUILDVARIANT"] = "",
    };

    private StageScopes Scopes => field ??= new StageScopes(file.Escape, arguments, _global, budget);

    public List<DockerfileStage> Stages { get; } = [];

    public List<SentLine> Globals { get; } = [];

    public List<string> Remarks { get; } = [];

    public Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> BuildArguments { get; } = new(arguments, StringComparer.Ordinal);

    /// <summary>Uses of BuildKit that no builder here supports. They matter only when their stage is needed.</summary>
    public List<(DockerfileStage Stage, int Line, string What, string Instead)> OfBuildKit { get; } = [];

    /// <summary>Refusals that matter only when their stage is needed.</summary>
    public List<(DockerfileStage Stage, FaultException Reason)> Refusals { get; } = [];

    public void Read()
    {
        if (file.Syntax is { } syntax && !IsOrdinarySyntax(syntax))
        {
            refusals.Add(DockerfileParser.Fault(
                file.Path, 1, $"another language of build files (# syntax={DockerfileParser.Short(syntax)}) {NoBuildKit}"));
        }
        else if (file.Syntax is not null)
        {
            Remarks.Add($"{file.Path}: the line '# syntax={file.Syntax}' is ignored: Berth reads Dockerfiles by itself");
        }

        foreach (var (name, value) in _platform)
        {
            _global.Set(name, value);
        }

        foreach (var instruction in file.Instructions)
        {
            if (instruction.Name == "FROM")
            {
                var stages = Stages.Count;
                refusals.Try(() => From(instruction));
                if (Stages.Count == stages)
                {
                    // The instructions after a refused FROM are read as if the stage began with nothing.
                    Stages.Add(new DockerfileStage(stages, NameOf(instruction), new StageSource(null, null), instruction.Line));
                }
            }
            else if (Stages.Count == 0)
            {
                refusals.Try(() => Global(instruction));
            }
            else
            {
                refusals.Try(() => InStage(instruction, Stages[^1]));
            }
        }
    }

    private string? NameOf(DockerfileInstruction instruction) =>
        SplitArguments(instruction) is [_, _, var name]
            && Stages.TrueForAll(stage => !name.Equals(stage.Name, StringComparison.OrdinalIgnoreCase))
            ? name.ToLowerInvariant()
            : null;

    private void Global(DockerfileInstruction instruction)
    {
        if (instruction.Name != "ARG")
        {
            throw Fault(instruction, $"{instruction.Name} stands before the first FROM");
        }

        foreach (var (name, text) in Declared(instruction))
        {
            var value = arguments.GetValueOrDefault(name)
                ?? (text is null ? null : _global.Expand(text, Place(instruction))
                    ?? throw Fault(instruction, $"the default of {name} is not understood"));
            if (value is not null)
            {
                _global.Set(name, value);
            }
        }

        Globals.Add(new SentLine("ARG " + Line(instruction, instruction.Arguments), Place(instruction)));
    }

    private void From(DockerfileInstruction instruction)
    {
        var words = SplitArguments(instruction);
        if (words.Count is not (1 or 3) || (words.Count == 3 && !words[1].Equals("as", StringComparison.OrdinalIgnoreCase)))
        {
            throw Fault(instruction, "FROM is written FROM IMAGE [AS NAME]");
        }

        (string Text, Platform? Platform)? foreign = null;
        foreach (var (flag, value) in instruction.Flags)
        {
            var platform = flag == "platform"
                ? _global.Expand(value, Place(instruction))
                : throw Fault(instruction, $"FROM has no flag --{flag}");
            if (!MachineArchitecture.IsOwn(platform ?? "", architecture))
            {
                foreign = (platform ?? "", MachineArchitecture.Parse(platform ?? ""));
            }
        }

        var text = _global.Expand(words[0], Place(instruction));
        if (string.IsNullOrEmpty(text))
        {
            throw Fault(
                instruction, $"'{words[0]}' names no image: give its variables a value by ARG before the first FROM or by build.args");
        }

        var name = words.Count == 3 ? words[2].ToLowerInvariant() : null;
        if (name is not null && (!StageName().IsMatch(name) || Stages.Any(stage => stage.Name == name)))
        {
            throw Fault(instruction, $"'{words[2]}' is no name for a stage, or is given twice");
        }

        var source = text == "scratch" ? new StageSource(null, null) : Source(text, instruction, "FROM", byIndex: false);
        if (foreign is { Platform: { } asked } && source.Image is { Service: null } image)
        {
            source = source with { Image = image with { Platform = asked } };
            Remarks.Add(
                $"{file.Path} line {instruction.Line}: {text} is fetched for {asked}: its files can be copied; its programs run only where "
                    + "the server's kernel emulates that processor");
        }

        var stage = Begun(Stages.Count, name, source, instruction.Line);
        Stages.Add(stage);
        if (foreign is { } other && text != "scratch" && source.Image?.Platform is null)
        {
            var reason = $"the platform {other.Text} is not this server's, {_platform["TARGETPLATFORM"]}: only an image can be of another";
            Refusals.Add((stage, Fault(instruction, reason)));
        }

        if (stage.Base.Stage is { } parent)
        {
            stage.Shell = Stages[parent].Shell;
            foreach (var trigger in Stages[parent].Triggers)
            {
                // These instructions are written once, but run in every stage that begins with this one.
                budget.Values(1, Place(trigger));
                budget.Expand(trigger.Arguments.Length, 0, Place(trigger));
                refusals.Try(() => InStage(trigger, stage));
            }
        }
    }

    private StageSource Source(string text, DockerfileInstruction instruction, string where, bool byIndex)
    {
        if (Named(text, instruction, where) is { } named)
        {
            return named;
        }

        var stage = Stages.FindIndex(candidate => text.Equals(candidate.Name, StringComparison.OrdinalIgnoreCase));
        if (stage < 0 && byIndex && int.TryParse(text, out var index))
        {
            stage = index >= 0 && index < Stages.Count ? index : throw Fault(instruction, $"there is no stage {text} before this one");
        }

        return stage >= 0 ? new StageSource(stage, null) : new StageSource(null, new DockerfileReference(text, instruction.Line, where));
    }

    private void InStage(DockerfileInstruction instruction, DockerfileStage stage)
    {
        switch (instruction.Name)
        {
            case "ARG":
                foreach (var (name, value) in Declared(instruction))
                {
                    if (value is null && !BuildArguments.ContainsKey(name) && _platform.TryGetValue(name, out var known))
                    {
                        BuildArguments[name] = known;
                    }
                }

                Plain(instruction, stage);
                break;
            case "COPY" or "ADD":
                Copy(instruction, stage);
                break;
            case "RUN":
                Run(instruction, stage);
                break;
            case "ONBUILD":
                stage.Triggers.Add(DockerfileParser.Trigger(instruction, file.Path, file.Escape));
                Remarks.Add(
                    $"{file.Path} line {instruction.Line}: ONBUILD counts in the stages that begin with this one alone: nothing is built "
                        + "from a codespace's image");
                break;
            case "LABEL" or "WORKDIR" or "VOLUME" when ReservedNames.Refusal(instruction, file.Escape) is { } reason:
                Refusals.Add((stage, Fault(instruction, reason)));
                break;
            case "SHELL":
                stage.Shell = Strings(instruction.Arguments) is { Count: > 0 } shell
                    ? shell
                    : throw Fault(instruction, "SHELL is written as [\"program\", \"argument\"]");
                Plain(instruction, stage);
                break;
            default:
                Plain(instruction, stage);
                break;
        }
    }

    /// <summary>Checks that a text stays on its line and is not taken for a flag.</summary>
    private string Line(DockerfileInstruction instruction, string text) =>
        DockerfileParser.IsContinued(text, file.Escape) || text.StartsWith("--", StringComparison.Ordinal)
            ? throw Fault(instruction, "the end or beginning of the instruction is not understood")
            : text;

    private static List<string> SplitArguments(DockerfileInstruction instruction) =>
        [.. instruction.Arguments.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];

    /// <summary><c>ARG NAME[=DEFAULT]…</c>; blanks within quotes belong to the default.</summary>
    private IEnumerable<(string Name, string? Default)> Declared(DockerfileInstruction instruction)
    {
        foreach (var (name, value) in DockerfileWords.Pairs(instruction.Arguments, file.Escape, withOldForm: false))
        {
            yield return VariableName.IsOne(name)
                ? (name, value)
                : throw Fault(instruction, $"'{DockerfileParser.Short(name)}' is no name for an argument");
        }
    }

    internal static List<string>? Strings(string text)
    {
        if (!text.StartsWith('['))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<List<string?>>(text) is { } list && list.TrueForAll(item => item is not null)
                ? [.. list.OfType<string>()]
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private TextPlace Place(DockerfileInstruction instruction) => new(file.Path, instruction.Line);

    private FaultException Fault(DockerfileInstruction instruction, string reason) =>
        DockerfileParser.Fault(file.Path, instruction.Line, reason);

    private static bool IsOrdinarySyntax(string syntax) => ImageReference.TryParse(syntax, out var image, out _)
        && image.Host.IsDockerHub && image.Path.Value is "docker/dockerfile" or "docker/dockerfile-upstream";

    [GeneratedRegex(@"^[a-z][a-z0-9._-]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex StageName();

    [GeneratedRegex(@"^[0-9a-zµ.]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex HealthValue();
}
