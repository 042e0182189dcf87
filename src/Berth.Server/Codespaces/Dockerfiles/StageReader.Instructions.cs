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
        var chown = "";
        foreach (var (flag, value) in instruction.Flags)
        {
            switch (flag)
            {
                case "from" when instruction.Name == "COPY":
                    from = value.Contains('$', StringComparison.Ordinal) || value.Length == 0
                        ? throw Fault(instruction, "--from takes no variables; name a stage: FROM IMAGE AS NAME")
                        : Source(value, instruction, "COPY --from", byIndex: true);
                    break;
                case "chown":
                    chown = $"--chown={value} ";
                    break;

                // How the layer is stored, not what is in it.
                case "link":
                    break;
                default:
                    Refusals.Add(
                        (
                            stage,
                            Fault(instruction, $"{instruction.Name} --{flag} {NoBuildKit}{(flag == "chmod" ? "; use RUN chmod" : "")}")));
                    return;
            }
        }

        if (from?.Stage == stage.Index)
        {
            throw Fault(instruction, "a stage cannot copy from itself");
        }

        if (instruction.Name == "ADD" && RemoteSource(instruction) is { } remote)
        {
            Refusals.Add((stage, Fault(instruction, remote)));
            return;
        }

        var sources = Line(instruction, WithFiles(instruction));
        stage.Lines.Add(
            from is null
                ? new StageLine(instruction.Line, $"{instruction.Name} {chown}{sources}")
                : new StageLine(instruction.Line, $"COPY {chown}", from, sources));
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

        var command = instruction.Heredocs.Count == 0 ? Line(instruction, instruction.Arguments) : Script(instruction, stage);
        stage.Lines.Add(new StageLine(instruction.Line, "RUN " + command));
    }

    private void Mount(DockerfileInstruction instruction, DockerfileStage stage, string value)
    {
        var fields = value.Split(',').Select(field => field.Split('=', 2)).GroupBy(
            field => field[0].ToLowerInvariant(), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().Length > 1 ? group.Last()[1] : "", StringComparer.Ordinal);
        var type = fields.GetValueOrDefault("type", "bind");
        switch (type)
        {
            case "cache" or "tmpfs":
                Remarks.Add(
                    $"{file.Path} line {instruction.Line}: --mount=type={type} is left out: the engine's builder has none, and the "
                        + "command runs without it");
                break;
            case "secret" or "ssh" when fields.GetValueOrDefault("required", "false") != "true":
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
            default:
                Refusals.Add((stage, Fault(instruction, $"RUN --mount=type={DockerfileParser.Short(type)} {NoBuildKit}; use COPY")));
                break;
        }
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
