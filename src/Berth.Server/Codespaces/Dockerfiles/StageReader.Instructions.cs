using System.Text.Json;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>How the instructions that do something are written for the engine's own builder.</summary>
internal sealed partial class StageReader
{
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
        var flags = "";
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
        stage.Lines.Add(
            from is null
                ? new StageLine(instruction.Line, $"{instruction.Name} {flags}{sources}")
                : new StageLine(instruction.Line, [new LinePart($"COPY {flags}--from=", from), new LinePart(" " + sources)]));
    }

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
        List<LinePart> parts = [new LinePart("RUN ")];
        foreach (var (flag, value) in instruction.Flags)
        {
            if (flag == "mount")
            {
                parts.AddRange(Mount(instruction, stage, value));
            }
            else if (!(flag == "network" && value == "default") && !(flag == "security" && value == "sandbox"))
            {
                Refusals.Add((stage, Fault(instruction, $"RUN --{flag}={value} is not allowed in builds of codespaces")));
            }
        }

        parts.Add(
            new LinePart(instruction.Heredocs.Count == 0 ? Line(instruction, instruction.Arguments) : Script(instruction, stage)));
        stage.Lines.Add(new StageLine(instruction.Line, parts));
    }

    /// <summary>What is written of a mount: nothing where the command can do without.</summary>
    private IEnumerable<LinePart> Mount(DockerfileInstruction instruction, DockerfileStage stage, string value)
    {
        List<(string Name, string Value)> fields = [.. value.Split(',').Select(field => field.Split('=', 2)).Select(
            field => (field[0].ToLowerInvariant(), field.Length > 1 ? field[1] : ""))];
        string? Last(string name) => fields.FindLast(field => field.Name == name).Value;
        var type = Last("type") ?? "bind";
        switch (type)
        {
            case "cache" or "tmpfs":
                Remarks.Add(
                    $"{file.Path} line {instruction.Line}: --mount=type={type} is left out: the engine's builder has none, and the "
                        + "command runs without it");
                return [];
            case "secret" or "ssh" when (Last("required") ?? "false") != "true":
                Remarks.Add($"{file.Path} line {instruction.Line}: --mount=type={type} is left out: builds get no secrets");
                return [];
            case "secret" or "ssh":
                Refusals.Add(
                    (
                        stage,
                        Fault(
                            instruction,
                            $"RUN --mount=type={type},required=true cannot be had: builds get no secrets; use them in postCreateCommand")));
                return [];
            case "bind":
                var bind = Bind(instruction, stage, fields);
                OfBuildKit.Add((stage, instruction.Line, "RUN --mount=type=bind", "use COPY"));
                return bind;
            default:
                throw Fault(instruction, $"RUN --mount=type={DockerfileParser.Short(type)} is not allowed in builds of codespaces");
        }
    }

    private IEnumerable<LinePart> Bind(
        DockerfileInstruction instruction, DockerfileStage stage, List<(string Name, string Value)> fields)
    {
        List<LinePart> parts = [];
        var text = "--mount=type=bind";
        foreach (var (name, value) in fields.Where(field => field.Name != "type"))
        {
            switch (name)
            {
                case "from":
                    parts.Add(new LinePart(text + ",from=", From(value, instruction, "RUN --mount", stage)));
                    text = "";
                    break;
                case "target" or "dst" or "destination" or "source" or "src" or "rw" or "readwrite" or "ro" or "readonly":
                    text += value.Length == 0 ? $",{name}" : $",{name}={value}";
                    break;
                default:
                    throw Fault(instruction, $"RUN --mount=type=bind has no option {DockerfileParser.Short(name)}");
            }
        }

        return parts.Append(new LinePart(text + " "));
    }

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
