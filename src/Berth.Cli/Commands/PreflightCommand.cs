using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Checks whether a codespace would get its images, before it is created.</summary>
internal static class PreflightCommand
{
    public static BerthCommand Build()
    {
        var repository = Arguments.Repository();
        var reference = Arguments.Option("--ref", "Branch or tag (default: the one that the remote names)");
        var path = Arguments.Option("--devcontainer-path", "Which configuration, when the repository has several");
        return BerthCommand.Of(
            "preflight",
            "Show every image, FROM, feature and compose service that a codespace would fetch, with its login, and whether it may. Starts "
                + "nothing; ends with 1 when something would fail.",
            ["berth codespace preflight acme/app", "berth codespace preflight acme/app --ref feature/login --json"],
            [repository, reference, path],
            async call =>
            {
                var request = new NewCodespace { Ref = call.Get(reference), DevcontainerPath = call.Get(path) };
                var report = await call.Client.PreflightAsync(call.Get(repository), request, call.CancellationToken);
                call.Print(report, Show);
                if (!report.Ok)
                {
                    throw new CommandException(ExitCodes.Failed, "");
                }
            });
    }

    /// <summary>Prints one line for each reference, then one for each set of secrets that does not count.</summary>
    private static void Show(TextWriter writer, PreflightReport report)
    {
        foreach (var reference in report.References)
        {
            var place = $"{reference.File}:{reference.Line} {reference.Where} {reference.Reference}";
            writer.WriteLine($"{(reference.Ok ? "ok" : "failed")}: {place}: {reference.Message}{Details(reference)}");
        }

        foreach (var refusal in report.Refusals)
        {
            writer.WriteLine($"failed: {refusal}");
        }

        foreach (var remark in report.Remarks)
        {
            writer.WriteLine($"note: {remark}");
        }

        foreach (var set in report.Sets.Where(set => set.Outcome != "counts"))
        {
            writer.WriteLine($"{set.Outcome}: {set.Message}");
        }
    }

    private static string Details(PreflightReference reference)
    {
        var details = new[]
        {
            reference.Ok && reference.Platforms is { Count: > 0 } platforms ? string.Join(" ", platforms) : null,
            reference.Ok && reference.Size is { } size ? $"{size / 1048576.0:0.0} MiB" : null,
        };
        return string.Concat(details.OfType<string>().Select(text => ", " + text));
    }
}
