using System.Text.Json;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>How the instructions that do something are written for the engine's own builder.</summary>
internal sealed partial class StageReader
{
    /// <summary>No Dockerfile has as many.</summary>
    private const int FirstOfBerths = 1_000_000;

    private int _changed;

    private void Plain(DockerfileInstruction instruction, DockerfileStage stage)
    {
        foreach (var (flag, value) in instruction.Flags)
        {
            if (instruction.Name != "HEALTHCHECK"
                || flag is not ("interval" or "timeout" or "start-period" or "retries")
                || !HealthValue().IsMatch(value))
            {
                throw Fault(instruction, $"{instruction.Name} has no flag --{flag}");
            }
        }

        var flags = string.Concat(instruction.Flags.Select(flag => $"--{flag.Key}={flag.Value} "));
        stage.Lines.Add(new StageLine(instruction.Line, $"{instruction.Name} {flags}{Line(instruction, instruction.Arguments)}"));
    }

    private void Copy(DockerfileInstruction instruction, DockerfileStage stage)
    {
        StageSource? from = null;
        var (flags, mode) = ("", (string?)null);
        foreach (var (flag, value) in instruction.Flags)
        {
            switch (flag)
            {
                case "from" when instruction.Name == "COPY":
                    from = From(value, instruction, "COPY --from", stage);
                    break;
                case "chown":
                    flags += $"--chown={value} ";
                    break;

                // How the layer is stored, not what is in it.
                case "link":
                    break;
                case "chmod" when ChangedMode.IsMode(value) && stage.Base is not { Stage: null, Image: null }:
                    mode = value;
                    break;
                case "chmod" or "exclude":
                case "parents" when instruction.Name == "COPY":
                case "checksum" or "keep-git-dir" or "unpack" when instruction.Name == "ADD":
                    flags += value.Length == 0 ? $"--{flag} " : $"--{flag}={value} ";
                    OfBuildKit.Add((
                        stage, instruction.Line, $"{instruction.Name} --{flag}", flag == "chmod" ? "use RUN chmod" : ""));
                    break;
                default:
                    throw Fault(instruction, $"{instruction.Name} has no flag --{flag}");
            }
        }

        if (instruction.Name == "ADD" && RemoteSource(instruction) is { } remote)
        {
            Refusals.Add((stage, Fault(instruction, remote)));
            return;
        }

        var sources = Line(instruction, WithFiles(instruction));
        if (mode is null)
        {
            stage.Lines.Add(CopyLine(instruction, flags, from, sources));
            return;
        }

        if (ChangedMode.Of(sources, mode, _changed) is not { } change)
        {
            throw Fault(instruction, "a source of --chmod that is made of variables needs a target that ends with a slash");
        }

        // Another stage like this one copies and changes them, since a builder without --chmod copies modes as they are.
        var before = new DockerfileStage(FirstOfBerths + _changed++, null, stage.Base, instruction.Line);
        before.Lines.AddRange(stage.Lines.Where(line => line.Parts[0].Text.StartsWith("ARG ", StringComparison.Ordinal)
            || line.Parts[0].Text.StartsWith("ENV ", StringComparison.Ordinal)));
        before.Lines.Add(new StageLine(instruction.Line, "USER root"));
        before.Lines.Add(CopyLine(instruction, "", from, change.CopiedFirst));
        before.Lines.Add(new StageLine(instruction.Line, change.Run));
        stage.Before.Add(before);
        stage.Lines.Add(CopyLine(instruction with { Name = "COPY" }, flags, new StageSource(before.Index, null), change.CopiedThen));
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

    /// <summary>
    /// The engine itself fetches what ADD names by URL, from the host's network, so a source must be seen to be a plain path: no variables,
    /// no quotes.
    /// </summary>
    private static string? RemoteSource(DockerfileInstruction instruction)
    {
        var sources = (Strings(instruction.Arguments)
            ?? [.. instruction.Arguments.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)])
            .SkipLast(1)
            .ToList();
        return sources.FirstOrDefault(
            source => source.Contains("://", StringComparison.Ordinal) || source.StartsWith("git@", StringComparison.Ordinal)) is { } url
            ? $"ADD {DockerfileParser.Short(url)} would be fetched from the server's own network; fetch it with RUN"
            : sources.FirstOrDefault(
                source => !DockerfileParser.HeredocWord().IsMatch(source) && source.AsSpan().ContainsAny(NotPlain)) is { } odd
                ? $"the source {DockerfileParser.Short(odd)} of ADD must be a plain path; use COPY"
                : null;
    }

    /// <summary>Texts in the Dockerfile become files of the context.</summary>
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

    private void Run(DockerfileInstruction instruction, DockerfileStage stage)
    {
        foreach (var (flag, value) in instruction.Flags)
        {
            if (flag == "mount")
            {
                Mount(instruction, stage, value);
            }
            else if (!(flag == "network" && value == "default") && !(flag == "security" && value == "sandbox"))
            {
                Refusals.Add((stage, Fault(instruction, $"RUN --{flag}={value} is not allowed in builds of codespaces")));
            }
        }

        stage.Lines.Add(new StageLine(
            instruction.Line,
            "RUN " + (instruction.Heredocs.Count == 0 ? Line(instruction, instruction.Arguments) : Script(instruction, stage))));
    }

    /// <summary>Lines before the command, so that it finds what it would find in the mount.</summary>
    private void Mount(DockerfileInstruction instruction, DockerfileStage stage, string value)
    {
        List<(string Name, string Value)> fields = [.. value.Split(',').Select(field => field.Split('=', 2)).Select(
            field => (field[0].ToLowerInvariant(), field.Length > 1 ? field[1] : ""))];
        string? Last(string name) => fields.FindLast(field => field.Name == name).Value;
        var type = Last("type") ?? "bind";
        switch (type)
        {
            case "cache" or "tmpfs":
                Remarks.Add(
                    $"{file.Path} line {instruction.Line}: --mount=type={type} is an empty folder of the image instead: the engine's "
                        + "builder has no mounts");
                Files[DockerfilePlan.EmptyFolder] = "";
                stage.Lines.Add(new StageLine(
                    instruction.Line,
                    $"COPY {Owner(instruction, Last("uid"), Last("gid"))}"
                        + $"{Words(instruction, DockerfilePlan.EmptyFolder, Target(instruction, fields))}"));
                break;
            case "secret" or "ssh" when (Last("required") ?? "false") != "true":
                Remarks.Add($"{file.Path} line {instruction.Line}: --mount=type={type} is left out: builds get no secrets");
                break;
            case "secret" or "ssh":
                Refusals.Add(
                    (
                        stage,
                        Fault(
                            instruction,
                            $"RUN --mount=type={type},required=true cannot be had: builds get no secrets; use them in postCreateCommand")));
                break;
            case "bind":
                Bind(instruction, stage, fields);
                break;
            default:
                throw Fault(instruction, $"RUN --mount=type={DockerfileParser.Short(type)} is not allowed in builds of codespaces");
        }
    }

    private void Bind(DockerfileInstruction instruction, DockerfileStage stage, List<(string Name, string Value)> fields)
    {
        StageSource? from = null;
        var source = ".";
        foreach (var (name, value) in fields)
        {
            switch (name)
            {
                case "from":
                    from = From(value, instruction, "RUN --mount", stage);
                    break;
                case "source" or "src":
                    source = value;
                    break;
                case "type" or "target" or "dst" or "destination" or "rw" or "readwrite" or "ro" or "readonly":
                    break;
                default:
                    throw Fault(instruction, $"RUN --mount=type=bind has no option {DockerfileParser.Short(name)}");
            }
        }

        // Of an image or stage a path begins at its root.
        source = from is null ? source : "/" + source.TrimStart('/').TrimStart('.');
        Remarks.Add(
            $"{file.Path} line {instruction.Line}: --mount=type=bind is a copy that stays in the image: the engine's builder has no "
                + "mounts");
        stage.Lines.Add(CopyLine(instruction with { Name = "COPY" }, "", from, Words(instruction, source, Target(instruction, fields))));
    }

    private string Target(DockerfileInstruction instruction, List<(string Name, string Value)> fields) =>
        fields.FindLast(field => field.Name is "target" or "dst" or "destination").Value is { Length: > 0 } target
            ? target
            : throw Fault(instruction, "RUN --mount has a target");

    private string Owner(DockerfileInstruction instruction, string? user, string? group) =>
        (user ?? group) is null ? ""
        : (user + group)!.All(char.IsAsciiDigit) ? $"--chown={user ?? "0"}:{group ?? user ?? "0"} "
        : throw Fault(instruction, "uid and gid of a mount are numbers");

    /// <summary>In brackets, where blanks part nothing.</summary>
    private string Words(DockerfileInstruction instruction, string source, string target) =>
        Line(instruction, JsonSerializer.Serialize(new[] { source, target }));

    /// <summary>A script in the Dockerfile, as one line: the form in brackets takes line ends.</summary>
    private static string Script(DockerfileInstruction instruction, DockerfileStage stage)
    {
        IReadOnlyList<string> shell = stage.Shell;
        string script;
        if (instruction.Heredocs is [var only] && DockerfileParser.HeredocWord().IsMatch(instruction.Arguments))
        {
            script = only.Content;
            if (script.StartsWith("#!", StringComparison.Ordinal))
            {
                var line = script[2..script.IndexOf('\n', StringComparison.Ordinal)]
                    .Trim()
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries);
                shell = [.. line, "-c"];
            }
        }
        else
        {
            // The shell understands the same notation.
            script = instruction.Arguments + "\n"
                + string.Concat(instruction.Heredocs.Select(heredoc => heredoc.Content + heredoc.Name + "\n"));
        }

        return JsonSerializer.Serialize(shell.Append(script));
    }
}
