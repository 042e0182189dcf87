using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>An image from outside that a Dockerfile names.</summary>
/// <param name="Where"><c>FROM</c> or <c>COPY --from</c>.</param>
internal sealed record DockerfileReference(string Text, int Line, string Where)
{
    /// <summary>The service of the compose files whose image it is; null: an image of a registry.</summary>
    public string? Service { get; init; }

    /// <summary>The platform that <c>FROM --platform</c> asks for. Null: this machine's.</summary>
    public Platform? Platform { get; init; }

    /// <summary>An image is another one for each platform.</summary>
    public string Key => ImageUse.KeyOf(Text, Platform);

    /// <summary>The value of <see cref="Text"/> for a service. No image of a registry is written like this.</summary>
    public static string OfService(string name) => "service://" + name;
}

/// <summary>
/// The source of a stage or a copy: an earlier stage, or an image from outside. If it is neither, it is <c>FROM scratch</c>.
/// </summary>
internal sealed record StageSource(int? Stage, DockerfileReference? Image);

/// <summary>A part of a line: a text, and the stage or image whose name follows it.</summary>
internal sealed record LinePart(string Text, StageSource? Source = null);

/// <summary>One line of a stage, as it is written for the engine.</summary>
/// <param name="Line">Its line in the repository's file.</param>
internal sealed record StageLine(int Line, IReadOnlyList<LinePart> Parts)
{
    public StageLine(int line, string text)
        : this(line, [new LinePart(text)])
    {
    }

    public IEnumerable<StageSource> Sources => Parts.Select(part => part.Source).OfType<StageSource>();

    public bool IsLabel => Parts[0].Text.StartsWith("LABEL ", StringComparison.Ordinal);
}

/// <summary>One stage of a Dockerfile.</summary>
/// <param name="Index">Counted from 0.</param>
/// <param name="Name">The name in lower case, or null.</param>
internal sealed record DockerfileStage(int Index, string? Name, StageSource Base, int Line)
{
    public List<StageLine> Lines { get; } = [];

    /// <summary>The shell of RUN, when RUN is written without brackets.</summary>
    public IReadOnlyList<string> Shell { get; set; } = ["/bin/sh", "-c"];

    /// <summary>Stages that this one copies from, and that Berth has added before it.</summary>
    public List<DockerfileStage> Before { get; } = [];

    /// <summary>All sources of this stage and of the stages added before it.</summary>
    public IEnumerable<StageSource> Sources =>
        Before.Append(this).SelectMany(stage => stage.Lines.SelectMany(line => line.Sources).Prepend(stage.Base));

    /// <summary>The selections of context files that it copies.</summary>
    public List<ContextSelection> Selections { get; } = [];

    /// <summary>The fetched files that it copies.</summary>
    public List<RemoteFile> Remotes { get; } = [];

    /// <summary>The cloned repositories that it copies.</summary>
    public List<RemoteRepository> Repositories { get; } = [];

    /// <summary>Instructions that run first in stages that begin with this one (ONBUILD).</summary>
    public List<DockerfileInstruction> Triggers { get; } = [];
}

/// <summary>
/// What a Dockerfile builds for one target: the stages that it needs and every image from outside. Berth writes the Dockerfile for the
/// engine anew. In it each of those images is named by the digest that was authorised. Nothing reads the repository's own text again.
/// </summary>
internal sealed class DockerfilePlan
{
    /// <summary>A folder in the build context, beside the repository's files, for heredocs.</summary>
    public const string HeredocFolder = ".berth-heredoc";

    /// <summary>A folder in the build context for files that were fetched for ADD.</summary>
    public const string AddedFolder = ".berth-add";

    /// <summary>A folder in the build context for files selected by instructions with flags.</summary>
    public const string SelectedFolder = ".berth-copy";

    /// <summary>An empty folder in the build context.</summary>
    public const string EmptyFolder = ".berth-empty/";

    private readonly ParsedDockerfile _file;
    private readonly IReadOnlyList<SentLine> _globals;
    private readonly IReadOnlyList<DockerfileStage> _stages;

    /// <summary>The stages of the named folders that the needed stages copy from.</summary>
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

    /// <summary>True when files of the context become part of the image.</summary>
    public bool CopiesContext => _stages.SelectMany(stage => stage.Before.Append(stage)).SelectMany(stage => stage.Lines).Any(
        line => line is { Parts: [{ Source: null, Text: var text }] }
            && (text.StartsWith("COPY ", StringComparison.Ordinal) || text.StartsWith("ADD ", StringComparison.Ordinal)));

    /// <summary>Where the build differs from the Dockerfile's text, for the log.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>
    /// Texts from the Dockerfile that are copied as files: their paths in the context and their contents. A path that ends with a slash is
    /// a folder.
    /// </summary>
    public IReadOnlyDictionary<string, string> Files { get; }

    /// <summary>What the needed stages copy.</summary>
    public IReadOnlyList<ContextSelection> Selections => [.. _contexts.Concat(_stages).SelectMany(stage => stage.Selections)];

    /// <inheritdoc cref="Selections"/>
    public IReadOnlyList<RemoteFile> Remotes => [.. _stages.SelectMany(stage => stage.Remotes)];

    /// <inheritdoc cref="Selections"/>
    public IReadOnlyList<RemoteRepository> Repositories => [.. _stages.SelectMany(stage => stage.Repositories)];

    /// <summary>The build arguments for the engine: the configuration's, and the platform's if the Dockerfile asks for them.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; }

    /// <summary>The stage to build, by its name in the rewritten Dockerfile.</summary>
    public string Target => StageName(_stages[^1].Index);

    /// <param name="target">The name or number of a stage. Null: the last one.</param>
    /// <param name="architecture">Docker's name of the architecture: <c>amd64</c>.</param>
    /// <param name="contexts">Null: there are none.</param>
    /// <exception cref="FaultException">There is no stage to build, or the result becomes too large.</exception>
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
        if (OfOtherPlatform(stages, last) is { } foreign)
        {
            refusals.Add(DockerfileParser.Fault(
                file.Path, foreign.Line, $"the platform {foreign.Platform} is not this server's, linux/{architecture}: the container of "
                    + $"{foreign.Text} would not run here"));
        }

        foreach (var (_, reason) in reader.Refusals.Where(entry => plan._stages.Contains(entry.Stage)))
        {
            refusals.Add(reason);
        }

        if (reader.OfBuildKit.Where(use => plan._stages.Contains(use.Stage)).ToList() is { Count: > 0 } uses)
        {
            refusals.Add(NeedsBuildKit(file.Path, uses));
        }

        // Count as much as is possible without the images that it is built from.
        refusals.Try(() => plan.Write(
            plan.References.DistinctBy(reference => reference.Key, StringComparer.Ordinal)
                .ToDictionary(reference => reference.Key, reference => new SentBase(reference.Text, null), StringComparer.Ordinal),
            "", budget));
        return plan;
    }

    /// <summary>The image that a stage begins with, when it is of another platform.</summary>
    private static DockerfileReference? OfOtherPlatform(List<DockerfileStage> stages, DockerfileStage stage)
    {
        while (stage.Base.Stage is { } parent && parent < stages.Count)
        {
            stage = stages[parent];
        }

        return stage.Base.Image is { Platform: not null } image ? image : null;
    }

    /// <summary>Writes the Dockerfile for the engine.</summary>
    /// <param name="pins">The engine's reference to each image from outside.</param>
    /// <param name="labels">
    /// They stand first in every stage. The engine reuses any layer with the same history, so it finds only layers with the same labels.
    /// They are repeated after the stage's own labels, so that no command runs with others.
    /// </param>
    /// <exception cref="FaultException">
    /// With the variables of the images the result becomes too large. The message names file and line.
    /// </exception>
    public SentDockerfile Write(IReadOnlyDictionary<string, SentBase> pins, string labels, ExpansionBudget budget)
    {
        var stages = _contexts.Concat(_stages.SelectMany(stage => stage.Before.Append(stage))).Select(stage =>
        {
            var place = new TextPlace(_file.Path, stage.Line);
            return new SentStage(
                StageName(stage.Index), stage.Base.Image is { } image ? pins[image.Key] : null,
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

    /// <summary>Reports all uses in one line, since a BuildKit builder would solve all of them.</summary>
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
        source.Stage is { } stage ? StageName(stage) : source.Image is { } image ? pins[image.Key].Reference : "scratch";

    private static string StageName(int index) => $"berth-stage-{index}";

    /// <summary>The stages that the target needs, in order. The others are not built.</summary>
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
