using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Packages: list, show, create, change and delete them. The commands for access and versions are in files of their own.</summary>
internal static class PackageCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "package",
        "Packages: visibility, repository, access, versions.",
        ["berth package ls acme", "berth package show acme/app", "berth package access grant acme/app --user ada --role write"],
        List(),
        Show(),
        Create(),
        Edit(),
        Simple(
            "visibility", "Change who may read a package without being given anything.", "VISIBILITY", Arguments.Visibilities,
            value => new PackageChange { Visibility = value }, "public"),
        Link(),
        Unlink(),
        Simple(
            "inherit",
            "Switch inheritance on (named roles on the linked repository replace explicit grants) or off (they are copied into grants).",
            "on|off", ["on", "off"], value => new PackageChange { InheritAccess = value == "on" }, "on"),
        RemovalCommands.Remove(),
        RemovalCommands.Restore(),
        TagCommands.History(),
        TagCommands.Tag(),
        TagCommands.Untag(),
        PushRuleCommands.Build(),
        RetentionCommands.Build(),
        PackageAccessCommands.Build(),
        PackageAccessCommands.Explain(),
        VersionCommands.List());

    private static BerthCommand List()
    {
        var owner = new Argument<string?>("OWNER") { Description = "An account; you when left out", Arity = ArgumentArity.ZeroOrOne };
        var type = Arguments.Type();
        var visibility = Arguments.OneOf("--visibility", "Only those of this visibility", Arguments.Visibilities);
        return BerthCommand.Of(
            "ls",
            "List the packages of an account that you may read.",
            ["berth package ls", "berth package ls acme --visibility public"],
            [owner, type, visibility],
            async call => call.PrintList(
                await call.Client.PackagesAsync(call.Get(owner), call.Get(type)!, call.Get(visibility), call.CancellationToken),
                "There are no packages to see.",
                ("PACKAGE", package => $"{package.Owner.Login}/{package.Name}"),
                ("VISIBILITY", package => package.Visibility),
                ("REPOSITORY", package => package.Repository?.FullName),
                ("INHERITS", package => package.InheritsAccess ? "yes" : "no"),
                ("VERSIONS", package => $"{package.VersionCount}"),
                ("PULLS", package => $"{package.PullCount}"),
                ("UPDATED", package => $"{package.UpdatedAt:yyyy-MM-dd HH:mm}")));
    }

    private static BerthCommand Show()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        return BerthCommand.Of(
            "show",
            "Show a package.",
            ["berth package show acme/app", "berth package show acme/tools/ci/base --json"],
            [package, type],
            async call => call.Print(
                await call.Client.PackageAsync(Arguments.Reference(call.Get(package), call.Get(type)), call.CancellationToken), Details));
    }

    private static BerthCommand Create()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        var options = new PackageOptions();
        return BerthCommand.Of(
            "create",
            "Make a package before its first push, so that nothing about that push needs guessing. Private unless said otherwise.",
            ["berth package create acme/app --repository acme/app --inherit on", "berth package create acme/site --visibility public"],
            [package, type, .. options.All],
            async call => call.Print(
                await call.Client.CreatePackageAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), options.Read(call), call.CancellationToken),
                Details));
    }

    private static BerthCommand Edit()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        var options = new PackageOptions();
        return BerthCommand.Of(
            "edit",
            "Change visibility, linked repository or inheritance of a package, in one step.",
            [
                "berth package edit acme/app --visibility internal", "berth package edit acme/app --repository acme/app --inherit on",
                "berth package edit acme/app --no-repository",
            ],
            [package, type, .. options.All],
            async call => call.Print(
                await call.Client.ChangePackageAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), options.Read(call), call.CancellationToken),
                Details));
    }

    /// <summary>Makes a command for a change to one word: <c>berth package visibility acme/app public</c>.</summary>
    private static BerthCommand Simple(
        string name, string description, string title, string[] values, Func<string, PackageChange> change, string example)
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        var value = new Argument<string>(title) { Description = string.Join(", ", values) };
        value.AcceptOnlyFromAmong(values);
        return BerthCommand.Of(
            name,
            description,
            [$"berth package {name} acme/app {example}"],
            [package, value, type],
            async call => call.Print(
                await call.Client.ChangePackageAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), change(call.Get(value)), call.CancellationToken),
                Details));
    }

    private static BerthCommand Link()
    {
        var package = Arguments.Package();
        var repository = Arguments.Repository("REPOSITORY");
        var type = Arguments.Type();
        return BerthCommand.Of(
            "link",
            "Link a package to a repository of the same owner. Grants stay; inheritance stays off until it is switched on.",
            ["berth package link acme/app acme/app"],
            [package, repository, type],
            async call => call.Print(
                await call.Client.ChangePackageAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), new PackageChange { Repository = call.Get(repository) },
                    call.CancellationToken),
                Details));
    }

    private static BerthCommand Unlink()
    {
        var package = Arguments.Package();
        var type = Arguments.Type();
        return BerthCommand.Of(
            "unlink",
            "Take a package's link off. Where it inherited access, named roles are copied into grants first.",
            ["berth package unlink acme/app"],
            [package, type],
            async call => call.Print(
                await call.Client.ChangePackageAsync(
                    Arguments.Reference(call.Get(package), call.Get(type)), new PackageChange { Repository = OptionalText.Null },
                    call.CancellationToken),
                Details));
    }

    private static void Details(TextWriter writer, Package package)
    {
        CommandCall.Details(
            writer,
            ("Package", $"{package.Owner.Login}/{package.Name}"),
            ("Type", package.PackageType),
            ("Visibility", package.Visibility),
            ("Repository", package.Repository?.FullName ?? "none"),
            ("Inherits access", package.InheritsAccess ? "yes" : "no"),
            ("Versions", package.VersionCount),
            ("Pulls", package.PullCount),
            ("Last pull", package.LastPulledAt is { } pulled ? $"{pulled:yyyy-MM-dd HH:mm}" : "never"),
            ("Created", $"{package.CreatedAt:yyyy-MM-dd HH:mm}"),
            ("Updated", $"{package.UpdatedAt:yyyy-MM-dd HH:mm}"),
            ("Id", package.Id));
        if (package.VisibilityTightened is { } tightened)
        {
            writer.WriteLine(
                $"It was {tightened.From}, and is {tightened.To} now, as the repository that it inherits from. To open it "
                    + $"again: {tightened.Command}");
        }

        if (package.VisibilityDiffers is { } differs)
        {
            writer.WriteLine($"Its repository is {differs.RepositoryVisibility}; to make the package so: {differs.Command}");
        }
    }

    private sealed class PackageOptions
    {
        private readonly Option<string> _visibility = Arguments.OneOf(
            "--visibility", "Who may read it without being given anything", Arguments.Visibilities);
        private readonly Option<string> _repository = Arguments.Option("--repository", "Link it to this repository, owner/name");
        private readonly Option<bool> _noRepository = new("--no-repository") { Description = "Take the link off" };
        private readonly Option<string> _inherit = Arguments.OneOf("--inherit", "Whether named roles on the repository count", "on", "off");

        public Symbol[] All => [_visibility, _repository, _noRepository, _inherit];

        public PackageChange Read(CommandCall call) => call.Get(_repository) is not null && call.Get(_noRepository)
            ? throw new CommandException(ExitCodes.Usage, "--repository and --no-repository contradict each other")
            : new PackageChange
            {
                Visibility = call.Get(_visibility),
                Repository = call.Get(_noRepository) ? OptionalText.Null : call.Get(_repository),
                InheritAccess = call.Get(_inherit) is { } inherit ? inherit == "on" : null,
            };
    }
}
