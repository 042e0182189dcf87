using System.Globalization;
using System.CommandLine;
using Berth.Client;

namespace Berth.Cli.Commands;

/// <summary>The versions of a package.</summary>
internal static class VersionCommands
{
    public static BerthCommand List()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        var deleted = new Option<bool>("--deleted") { Description = "Those that were deleted and can come back" };
        return BerthCommand.Of(
            "versions",
            "List the versions of a package, the newest first: of a container package one for each manifest.",
            ["berth package versions acme/app", "berth package versions acme/app --deleted"],
            [package, type, deleted],
            async call => call.PrintList(
                await call.Client.VersionsAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), call.Get(deleted), call.CancellationToken),
                "There are no versions.",
                ("ID", version => $"{version.Id}"),
                ("VERSION", version => version.Name),
                ("TAGS", version => string.Join(',', version.Metadata.Tags)),
                ("CREATED", version => $"{version.CreatedAt:yyyy-MM-dd HH:mm}"),
                ("PULLS", version => $"{version.PullCount}"),
                ("LAST PULL", version => $"{version.LastPulledAt:yyyy-MM-dd HH:mm}")));
    }

    /// <summary>Finds the id of a version by its id, digest or tag.</summary>
    public static async Task<long> FindAsync(CommandCall call, PackageReference package, string version, bool deleted)
    {
        var versions = await call.Client.VersionsAsync(package, deleted, call.CancellationToken);
        var named = versions.Find(v => v.Name == version || v.Metadata.Tags.Contains(version));
        var numbered = long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? versions.Find(v => v.Id == id)
            : null;
        if (named is not null && numbered is not null && named.Id != numbered.Id)
        {
            throw new CommandException(
                ExitCodes.Failed,
                $"{version} is the tag of version {named.Id} and the id of another ({numbered.Name}); name the one you mean by its digest");
        }

        return (named ?? numbered)?.Id
            ?? throw new CommandException(ExitCodes.NotFound, $"{package} has no {(deleted ? "deleted " : "")}version {version}");
    }
}
