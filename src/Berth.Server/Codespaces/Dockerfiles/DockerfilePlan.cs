using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>An image from outside that a Dockerfile names.</summary>
/// <param name="Where">The instruction: <c>FROM</c> or <c>COPY --from</c>.</param>
internal sealed record DockerfileReference(string Text, int Line, string Where)
{
    /// <summary>The service of the compose files whose image it is; null: an image of a registry.</summary>
    public string? Service { get; init; }

    /// <summary>For <see cref="Text"/>; no image of a registry is written so.</summary>
    public static string OfService(string name) => "service://" + name;
}

/// <summary>Where a stage begins or a copy comes from: an earlier stage, or an image from outside. Neither: <c>FROM scratch</c>.</summary>
internal sealed record StageSource(int? Stage, DockerfileReference? Image);

/// <summary>A part of a line: a text, and the stage or image that is named behind it.</summary>
internal sealed record LinePart(string Text, StageSource? Source = null);

/// <summary>One line of a stage, as it will be written.</summary>
/// <param name="Line">Where it begins in the repository's file.</param>
internal sealed record StageLine(int Line, IReadOnlyList<LinePart> Parts)
{
    public StageLine(int line, string text)
        : this(line, [new LinePart(text)])
    {
    }

    public IEnumerable<StageSource> Sources => Parts.Select(part => part.Source).OfType<StageSource>();

    public bool IsLabel => Parts[0].Text.StartsWith("LABEL ", StringComparison.Ordinal);
}

/// <summary>One stage.</summary>
/// <param name="Index">Counted from 0.</param>
/// <param name="Name">In lower case, or null.</param>
/// <param name="Line">Of its FROM.</param>
internal sealed record DockerfileStage(int Index, string? Name, StageSource Base, int Line)
{
    public List<StageLine> Lines { get; } = [];

    /// <summary>What RUN without brackets runs in.</summary>
    public IReadOnlyList<string> Shell { get; set; } = ["/bin/sh", "-c"];

    /// <summary>Stages that this one copies from, which Berth put before it.</summary>
    public List<DockerfileStage> Before { get; } = [];

    /// <summary>All that it and the stages before it are made of.</summary>
    public IEnumerable<StageSource> Sources =>
        Before.Append(this).SelectMany(stage => stage.Lines.SelectMany(line => line.Sources).Prepend(stage.Base));

    /// <summary>Files of the context that it copies, chosen.</summary>
    public List<ContextSelection> Selections { get; } = [];

    /// <summary>Files that it copies, fetched.</summary>
    public List<RemoteFile> Remotes { get; } = [];

    /// <summary>Repositories that it copies, cloned.</summary>
    public List<RemoteRepository> Repositories { get; } = [];

    /// <summary>What comes first in stages that begin with this one (ONBUILD).</summary>
    public List<DockerfileInstruction> Triggers { get; } = [];
}

/// <summary>
/// What a Dockerfile builds for one target: the stages that it needs and every image from outside. It is built from a text that is written
/// here, in which each of those images is named by the digest that was authorised, and nothing reads the repository's own text again.
/// </summary>
internal sealed class DockerfilePlan
{
    /// <summary>In the context of the build, beside the repository's files.</summary>
    public const string HeredocFolder = ".berth-heredoc";

    /// <summary>In the context of the build: what was fetched for ADD.</summary>
    public const string AddedFolder = ".berth-add";

    /// <summary>In the context of the build: files of it, as instructions with flags want them.</summary>
    public const string SelectedFolder = ".berth-copy";

    /// <summary>In the context of the build, with nothing in it.</summary>
    public const string EmptyFolder = ".berth-empty/";

    private readonly ParsedDockerfile _file;
    private readonly IReadOnlyList<SentLine> _globals;
    private readonly IReadOnlyList<DockerfileStage> _stages;

    /// <summary>Those of folders that these copy from.</summary>
    private readonly IReadOnlyList<DockerfileStage> _contexts;

    private DockerfilePlan(ParsedDockerfile file, StageReader reader, IReadOnlyList<DockerfileStage> stages)
    {
        _file = file;
        _globals = reader.Globals;
        _stages = stages;
        var sources = stages.SelectMany(stage => stage.Sources).Select(source => source.Stage).ToHashSet();
        _contexts = [.. reader.ContextStages.Where(context => sources.Contains(context.Index))];
        Remarks = reader.Remarks;
        Files = reader.Files;
        Arguments = reader.BuildArguments;
        References = [.. stages.SelectMany(stage => stage.Sources).Select(source => source.Image).OfType<DockerfileReference>().Distinct()];
    }

    /// <summary>Every image from outside that is needed, in order of appearance.</summary>
    public IReadOnlyList<DockerfileReference> References { get; }

    /// <summary>Files of the context become part of it.</summary>
    public bool CopiesContext => _stages.SelectMany(stage => stage.Before.Append(stage)).SelectMany(stage => stage.Lines).Any(
        line => line is { Parts: [{ Source: null, Text: var text }] }
            && (text.StartsWith("COPY ", StringComparison.Ordinal) || text.StartsWith("ADD ", StringComparison.Ordinal)));

    /// <summary>What is done otherwise than written, for the log.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>
    /// Texts from the Dockerfile that are copied as files: path in the context and content. A path with a slash at its end is a folder.
    /// </summary>
    public IReadOnlyDictionary<string, string> Files { get; }

    /// <summary>Of the stages that are needed.</summary>
    public IReadOnlyList<ContextSelection> Selections => [.. _contexts.Concat(_stages).SelectMany(stage => stage.Selections)];

    /// <inheritdoc cref="Selections"/>
    public IReadOnlyList<RemoteFile> Remotes => [.. _stages.SelectMany(stage => stage.Remotes)];

    /// <inheritdoc cref="Selections"/>
    public IReadOnlyList<RemoteRepository> Repositories => [.. _stages.SelectMany(stage => stage.Repositories)];

    /// <summary>For the engine: the configuration's, and the platform's where the Dockerfile asks for it.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; }

    /// <summary>The stage to build, by the name that it has in what is written.</summary>
    public string Target => StageName(_stages[^1].Index);

    /// <param name="target">Name or number of a stage; null is the last.</param>
    /// <param name="architecture">As docker names it: <c>amd64</c>.</param>
    /// <param name="contexts">What the build has by name beside its own; null: nothing.</param>
    /// <param name="refusals">Told what it asks for that builds do not have, with path, line and what to write instead.</param>
    /// <exception cref="FaultException">It has no stage to build, or grows too large.</exception>
    public static DockerfilePlan Read(
        ParsedDockerfile file, IReadOnlyDictionary<string, string> arguments, string? target, string architecture, ExpansionBudget budget,
        Refusals refusals, IReadOnlyDictionary<string, NamedContext>? contexts = null)
    {
        var reader = new StageReader(
            file, arguments, contexts ?? new Dictionary<string, NamedContext>(), architecture, budget, refusals);
        reader.Read();
        var stages = reader.Stages;
        if (stages.Count == 0)
        {
            throw DockerfileParser.Fault(file.Path, 1, "there is no FROM");
        }

        var last = target is null ? stages[^1]
            : stages.FirstOrDefault(stage => target.Equals(stage.Name, StringComparison.OrdinalIgnoreCase))
                ?? (int.TryParse(target, out var index) && index >= 0 && index < stages.Count ? stages[index] : null)
                ?? throw new FaultException(
                    FaultKind.Configuration, $"{file.Path} has no stage '{target}', which devcontainer.json names as its target");
        var plan = new DockerfilePlan(file, reader, Needed(stages, last));
        foreach (var (_, reason) in reader.Refusals.Where(entry => plan._stages.Contains(entry.Stage)))
        {
            refusals.Add(reason);
        }

        if (reader.OfBuildKit.Where(use => plan._stages.Contains(use.Stage)).ToList() is { Count: > 0 } uses)
        {
            refusals.Add(NeedsBuildKit(file.Path, uses));
        }

        // As far as it can be counted without the images that it is built from.
        refusals.Try(() => plan.Write(
            plan.References.Select(reference => reference.Text).Distinct(StringComparer.Ordinal)
                .ToDictionary(text => text, text => new SentBase(text, null), StringComparer.Ordinal),
            "", budget));
        return plan;
    }

    /// <summary>The Dockerfile that is built.</summary>
    /// <param name="pins">What the engine has of each image from outside.</param>
    /// <param name="labels">
    /// Stand first in every stage, so the engine, which takes any layer with the same history, finds only layers with the same labels.
    /// Stand again after the stage's own, so that no command runs below others.
    /// </param>
    /// <exception cref="FaultException">With the variables of the images it would grow too large; names file and line.</exception>
    public SentDockerfile Write(IReadOnlyDictionary<string, SentBase> pins, string labels, ExpansionBudget budget)
    {
        var stages = _contexts.Concat(_stages.SelectMany(stage => stage.Before.Append(stage))).Select(stage =>
        {
            var place = new TextPlace(_file.Path, stage.Line);
            return new SentStage(
                StageName(stage.Index), stage.Base.Image is { } image ? pins[image.Text] : null,
                stage.Base.Stage is { } parent ? StageName(parent) : null, place,
                [.. Labelled(stage, labels, place, line => new SentLine(TextOf(line, pins), new TextPlace(_file.Path, line.Line)))]);
        });
        return SentDockerfile.Write(_file.Escape, _globals, stages, Arguments, budget);
    }

    private static IEnumerable<SentLine> Labelled(DockerfileStage stage, string labels, TextPlace place, Func<StageLine, SentLine> write)
    {
        var own = new SentLine("LABEL " + labels, place);
        yield return own;
        for (var i = 0; i < stage.Lines.Count; i++)
        {
            yield return write(stage.Lines[i]);
            if (stage.Lines[i].IsLabel && !(i + 1 < stage.Lines.Count && stage.Lines[i + 1].IsLabel))
            {
                yield return own;
            }
        }
    }

    /// <summary>One line for all of it, since one builder would do for all of it.</summary>
    private static FaultException NeedsBuildKit(string path, List<(DockerfileStage Stage, int Line, string What, string Instead)> uses)
    {
        var instead = string.Join("; ", uses.Select(use => use.Instead).Where(text => text.Length > 0).Distinct());
        var reason = $"{string.Join(", ", uses.Select(use => use.What).Distinct())} {StageReader.NoBuildKit}"
            + (instead.Length == 0 ? "" : "; " + instead);
        return uses.Count == 1
            ? DockerfileParser.Fault(path, uses[0].Line, reason)
            : new FaultException(
                FaultKind.Configuration, $"{path} lines {string.Join(", ", uses.Select(use => use.Line).Distinct())}: {reason}");
    }

    private static string TextOf(StageLine line, IReadOnlyDictionary<string, SentBase> pins) =>
        string.Concat(line.Parts.Select(part => part.Source is { } source ? part.Text + NameOf(source, pins) : part.Text));

    private static string NameOf(StageSource source, IReadOnlyDictionary<string, SentBase> pins) =>
        source.Stage is { } stage ? StageName(stage) : source.Image is { } image ? pins[image.Text].Reference : "scratch";

    private static string StageName(int index) => $"berth-stage-{index}";

    /// <summary>What the target is made of, in order; the other stages are not built.</summary>
    private static List<DockerfileStage> Needed(IReadOnlyList<DockerfileStage> stages, DockerfileStage target)
    {
        HashSet<int> needed = [target.Index];
        for (var i = target.Index; i >= 0; i--)
        {
            if (needed.Contains(i))
            {
                needed.UnionWith(stages[i].Sources.Select(source => source.Stage).OfType<int>());
            }
        }

        return [.. stages.Where(stage => needed.Contains(stage.Index))];
    }
}
