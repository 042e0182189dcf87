using System.Text.Json;

namespace Berth.Server.Codespaces.Dockerfiles;

/// <summary>Rewrites the instructions that run something for the engine's own builder.</summary>
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
                Remarks.Add(
                    $"{file.Path} line {instruction.Line}: RUN --{flag}={DockerfileParser.Short(value)} is left out: every RUN has the "
                        + "codespace's network, and no right beyond the engine's defaults");
            }
        }

        stage.Lines.Add(new StageLine(
            instruction.Line,
            "RUN " + (instruction.Heredocs.Count == 0 ? Line(instruction, instruction.Arguments) : Script(instruction, stage))));
    }

    /// <summary>Adds lines before the command, so that it finds the files that the mount would have.</summary>
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

        // A path in an image or stage begins at its root.
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

    /// <summary>Writes paths in brackets, so that blanks do not split them.</summary>
    private string Words(DockerfileInstruction instruction, string source, string target) =>
        Line(instruction, JsonSerializer.Serialize(new[] { source, target }));

    /// <summary>Writes a heredoc script as one line. The form in brackets allows line ends.</summary>
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
            // The shell understands heredocs too.
            script = instruction.Arguments + "\n"
                + string.Concat(instruction.Heredocs.Select(heredoc => heredoc.Content + heredoc.Name + "\n"));
        }

        return JsonSerializer.Serialize(shell.Append(script));
    }
}
