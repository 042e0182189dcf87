using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>Rewrites COPY and ADD for the engine's own builder, which knows only some of their flags and must not fetch anything.</summary>
internal sealed partial class StageReader
{
    /// <summary>The first number of stages that Berth adds. No Dockerfile has so many stages.</summary>
    private const int FirstOfBerths = 1_000_000;

    private int _changed;

    private void Copy(DockerfileInstruction instruction, DockerfileStage stage)
    {
        StageSource? from = null;
        var owner = "";
        var flags = new CopyFlags();
        foreach (var (flag, text) in instruction.Flags)
        {
            var value = flag == "checksum" ? Scopes.Expand(Stages, stage, text, Place(instruction)) ?? text : text;
            if (flag == "from" && instruction.Name == "COPY")
            {
                from = From(value, instruction, "COPY --from", stage);
            }
            else if (flag == "chown")
            {
                owner = $"--chown={value} ";
            }
            else if (flag == "chmod" && !(ChangedMode.IsMode(value) && stage.Base is not { Stage: null, Image: null }))
            {
                OfBuildKit.Add((stage, instruction.Line, $"{instruction.Name} --{flag}", "use RUN chmod"));
            }
            else if (!flags.Take(instruction.Name, flag, value))
            {
                throw Fault(
                    instruction,
                    flag == "checksum" && instruction.Name == "ADD"
                        ? $"--checksum={DockerfileParser.Short(value)}: {Oci.Digest.Rule}"
                        : $"{instruction.Name} has no flag --{flag}{(value.Length == 0 ? "" : $"={DockerfileParser.Short(value)}")}");
            }
        }

        var written = Line(instruction, WithFiles(instruction));
        foreach (var copy in Refused(stage, () => Copies(instruction, stage, from, flags, written))
            ?? [new CopyWords(instruction.Name, written)])
        {
            Add(
                instruction with { Name = copy.Name }, stage, copy.IsSent ? null : from, owner, copy.HasMode ? null : flags.Mode,
                copy.Words);
        }
    }

    /// <summary>
    /// Reads a copy. If it is refused, that matters only when its stage is needed, but its images are found in any case.
    /// </summary>
    private List<CopyWords>? Refused(DockerfileStage stage, Func<List<CopyWords>> read)
    {
        try
        {
            return read();
        }
        catch (FaultException reason) when (reason is not LimitException)
        {
            Refusals.Add((stage, reason));
            return null;
        }
    }

    private void Add(
        DockerfileInstruction instruction, DockerfileStage stage, StageSource? from, string owner, string? mode, string sources)
    {
        if (mode is null)
        {
            stage.Lines.Add(CopyLine(instruction, owner, from, sources));
            return;
        }

        if (ChangedMode.Of(sources, mode, _changed) is not { } change)
        {
            throw Fault(instruction, "a source of --chmod that is made of variables needs a target that ends with a slash");
        }

        // A copy of this stage changes the mode before the real copy, since a builder without --chmod keeps modes as they are.
        var before = new DockerfileStage(FirstOfBerths + _changed++, null, stage.Base, instruction.Line);
        before.Lines.AddRange(stage.Lines.Where(line => line.Parts[0].Text.StartsWith("ARG ", StringComparison.Ordinal)
            || line.Parts[0].Text.StartsWith("ENV ", StringComparison.Ordinal)));
        before.Lines.Add(new StageLine(instruction.Line, "USER root"));
        before.Lines.Add(CopyLine(instruction, "", from, change.CopiedFirst));
        before.Lines.Add(new StageLine(instruction.Line, change.Run));
        stage.Before.Add(before);
        stage.Lines.Add(CopyLine(instruction with { Name = "COPY" }, owner, new StageSource(before.Index, null), change.CopiedThen));
    }

    private static StageLine CopyLine(DockerfileInstruction instruction, string flags, StageSource? from, string sources) => from is null
        ? new StageLine(instruction.Line, $"{instruction.Name} {flags}{sources}")
        : new StageLine(instruction.Line, [new LinePart($"COPY {flags}--from=", from), new LinePart(" " + sources)]);

    private StageSource From(string text, DockerfileInstruction instruction, string where, DockerfileStage stage)
    {
        if (text.Contains('$', StringComparison.Ordinal) || text.Length == 0)
        {
            throw Fault(instruction, "--from takes no variables; name a stage: FROM IMAGE AS NAME");
        }

        var source = Source(text, instruction, where, byIndex: true);
        return source.Stage == stage.Index ? throw Fault(instruction, "a stage cannot copy from itself") : source;
    }

    /// <summary>Replaces heredocs by files of the context.</summary>
    private string WithFiles(DockerfileInstruction instruction)
    {
        if (instruction.Heredocs.Count == 0)
        {
            return instruction.Arguments;
        }

        var next = 0;
        return string.Join(' ', instruction.Arguments.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(word =>
        {
            if (!DockerfileParser.HeredocWord().IsMatch(word))
            {
                return word;
            }

            var heredoc = instruction.Heredocs[next++];
            if (heredoc.Expands && heredoc.Content.Contains('$', StringComparison.Ordinal))
            {
                throw Fault(
                    instruction,
                    $"variables in the text <<{heredoc.Name} are not replaced here; write <<\"{heredoc.Name}\" when they are to stay, or "
                        + "use RUN");
            }

            var path = $"{DockerfilePlan.HeredocFolder}/{instruction.Line}/{heredoc.Name}";
            Files[path] = heredoc.Content;
            return path;
        }));
    }
}
