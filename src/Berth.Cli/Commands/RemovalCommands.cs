using System.CommandLine;
using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Deletes a version with everything that belongs to it, after showing what depends on it, and restores it.</summary>
internal static class RemovalCommands
{
    public static Option<string> Override() =>
        Arguments.Option("--override", "Also where push rules refuse it; the reason, for the audit log");

    public static BerthCommand Remove()
    {
        var package = Arguments.Package();
        var version = Version();
        var type = Arguments.Type();
        var dry = new Option<bool>("--dry-run") { Description = "Only show what would go and what depends on it" };
        var alone = new Option<bool>("--alone") { Description = "Leave its platforms and what refers to it" };
        var force = new Option<bool>("--force") { Description = "Also a part of an index, and what other packages here need" };
        var purge = new Option<bool>("--purge") { Description = "Now and for good, instead of restorable" };
        var yes = Arguments.Yes();
        var reason = Override();
        return BerthCommand.Of(
            "rm",
            "Delete a version with its platforms and what refers to them, or a whole package. It can be restored for a while. Tagged "
                + "versions, those that another index lists, and what other packages here depend on stay.",
            ["berth package rm acme/app 2.5", "berth package rm acme/app 2.5 --dry-run", "berth package rm acme/app"],
            [package, version, type, dry, alone, force, purge, yes, reason],
            async call =>
            {
                var reference = Arguments.Reference(call.Get(package), call.Get(type));
                var id = call.Get(version) is { } name
                    ? await VersionCommands.FindAsync(call, reference, name, deleted: false)
                    : (long?)null;
                if (call.Get(dry))
                {
                    call.Print(await call.Client.DependantsAsync(reference, id, call.CancellationToken), Show);
                    return;
                }

                if (call.Get(purge))
                {
                    Arguments.DemandYes(call, yes, $"purging {call.Get(package)}");
                }

                if (id is not { } one)
                {
                    await call.Client.DeletePackageAsync(
                        reference, call.Get(force), call.Get(purge), call.Get(reason), call.CancellationToken);
                    call.WriteDone($"Deleted {call.Get(package)}{Back(call, purge, reference, null)}");
                    return;
                }

                var deleted = await call.Client.DeleteVersionAsync(
                    reference, one, call.Get(force), call.Get(purge), cascade: !call.Get(alone), call.Get(reason),
                    call.CancellationToken);
                call.Print(deleted, (writer, answer) => Write(writer, answer.Deleted));
                call.WriteDone($"Deleted {Count(deleted.Deleted.Count)}{Back(call, purge, reference, one)}");
            });
    }

    public static BerthCommand Restore()
    {
        var package = Arguments.Package();
        var version = Version();
        var type = Arguments.Type();
        var reason = Override();
        return BerthCommand.Of(
            "restore",
            "Bring back a deleted package, or a deleted version with its tags, what it lists and what refers to it. A tag that moved on "
                + "stays where it is.",
            ["berth package restore acme/app", "berth package restore acme/app 2.5"],
            [package, version, type, reason],
            async call =>
            {
                var reference = Arguments.Reference(call.Get(package), call.Get(type));
                if (call.Get(version) is { } name)
                {
                    var id = await VersionCommands.FindAsync(call, reference, name, deleted: true);
                    Tell(call, await call.Client.RestoreVersionAsync(reference, id, call.Get(reason), call.CancellationToken));
                    return;
                }

                await call.Client.RestorePackageAsync(reference, call.CancellationToken);
                call.WriteDone($"Restored {call.Get(package)}.");
            });
    }

    private static void Tell(CommandCall call, RestoredVersions restored)
    {
        call.Print(restored, (writer, answer) => Write(writer, answer.Restored));
        call.WriteDone($"Restored {Count(restored.Restored.Count)}.");
        foreach (var moved in restored.TagsElsewhere)
        {
            call.WriteDone($"The tag {moved.Tag} moved on and stays on {moved.Version}.");
        }
    }

    private static Argument<string?> Version() => new("VERSION")
    {
        Description = "A version's id, digest, number or tag; the whole package when left out",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static string Back(CommandCall call, Option<bool> purge, PackageReference package, long? version) => call.Get(purge)
        ? "."
        : $"; to bring it back: berth package restore {package.Owner}/{package.Name}{(version is { } id ? $" {id}" : "")}"
            + (package.Type == "npm" ? " --type npm" : "");

    private static string Count(int versions) => versions == 1 ? "1 version" : $"{versions} versions";

    private static void Show(TextWriter writer, Dependants dependants)
    {
        var what = dependants.Version is { } version ? version.Name : Count(dependants.Versions);
        CommandCall.Details(
            writer,
            ("Package", dependants.Package), ("Goes", what), ("Tags", string.Join(", ", dependants.Tags)),
            ("Last pull", dependants.LastPulledAt is { } pulled ? $"{pulled:yyyy-MM-dd HH:mm}" : "none that was counted"),
            ("Codespaces", dependants.OtherCodespaces == 0 ? null : $"{dependants.OtherCodespaces} that you may not see"),
            ("Images", dependants.OtherBuiltUpon == 0 ? null : $"{dependants.OtherBuiltUpon} built upon it that you may not see"),
            ("Packages", dependants.OtherPackages == 0 ? null : $"{dependants.OtherPackages} that you may not see"));
        Section(writer, "Goes along", dependants.GoesAlong);
        Section(writer, "Refers to it", dependants.Referrers);
        Section(writer, "Would break (needs --force)", dependants.Breaks);
        Section(
            writer, "Built upon it (goes on without it)",
            [.. dependants.BuiltUpon.Select(image => new VersionName(0, $"{image.Package}@{image.Version}", image.Tags))]);
        foreach (var package in dependants.Packages)
        {
            var versions = string.Join(", ", package.Versions.Select(version => $"{version.Name} ({version.Range})"));
            writer.WriteLine($"{package.Package} depends on it{(package.Breaks ? " and would break (needs --force)" : "")}: {versions}");
        }

        foreach (var codespace in dependants.Codespaces)
        {
            writer.WriteLine(
                $"Codespace {codespace.Name} of {codespace.Owner} ({codespace.Repository}, {codespace.State}) runs {codespace.Version}");
        }
    }

    private static void Section(TextWriter writer, string title, IReadOnlyList<VersionName> versions)
    {
        if (versions.Count > 0)
        {
            writer.WriteLine(title + ":");
            Write(writer, versions);
        }
    }

    private static void Write(TextWriter writer, IReadOnlyList<VersionName> versions)
    {
        foreach (var version in versions)
        {
            writer.WriteLine($"  {version.Name}{(version.Tags.Count == 0 ? "" : $"  {string.Join(", ", version.Tags)}")}");
        }
    }
}
