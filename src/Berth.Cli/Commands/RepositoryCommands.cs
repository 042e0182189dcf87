using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Repositories and the people on them.</summary>
internal static class RepositoryCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "repo",
        "Repositories: what packages link to and codespaces start from.",
        [
            "berth repo create acme/app --clone-url https://git.example.test/acme/app.git",
            "berth repo collaborator set acme/app bob --role write",
        ],
        Create(),
        List(),
        Show(),
        Edit(),
        Delete(),
        Transfer(),
        BerthCommand.Group(
            "collaborator",
            "People with a role of their own on a repository.",
            ["berth repo collaborator list acme/app", "berth repo collaborator set acme/app bob --role write"],
            ListCollaborators(),
            SetCollaborator(),
            RemoveCollaborator(),
            ShowPermission()),
        CloneCredentialCommands.Build());

    private static BerthCommand Create()
    {
        var repository = Arguments.Repository();
        var options = new RepositoryOptions();
        return BerthCommand.Of(
            "create",
            "Make a repository, private unless said otherwise.",
            [
                "berth repo create acme/app --visibility private --clone-url https://git.example.test/acme/app.git",
                "berth repo create ada/tools",
            ],
            [repository, .. options.All],
            async call =>
            {
                var parts = call.Get(repository).Split('/');
                var wanted = options.Read(call) with { Name = parts[1] };
                call.Print(
                    await call.Client.CreateRepositoryAsync(parts[0], wanted, call.CancellationToken),
                    (writer, made) => writer.WriteLine(made.FullName));
            });
    }

    private static BerthCommand List()
    {
        var owner = new Argument<string?>("OWNER")
        {
            Description = "An account; when left out, the repositories that you have a role on",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return BerthCommand.Of(
            "list",
            "List repositories.",
            ["berth repo list", "berth repo list acme"],
            [owner],
            async call => call.PrintList(
                await call.Client.RepositoriesAsync(call.Get(owner), call.CancellationToken),
                "There are no repositories to see.",
                ("REPOSITORY", repository => repository.FullName),
                ("VISIBILITY", repository => repository.Visibility),
                ("YOUR ROLE", repository => Role(repository.Permissions)),
                ("CLONE URL", repository => repository.CloneUrl)));
    }

    private static BerthCommand Show()
    {
        var repository = Arguments.Repository();
        return BerthCommand.Of(
            "show",
            "Show a repository.",
            ["berth repo show acme/app"],
            [repository],
            async call => call.Print(await call.Client.RepositoryAsync(call.Get(repository), call.CancellationToken), Details));
    }

    private static BerthCommand Edit()
    {
        var repository = Arguments.Repository();
        var name = Arguments.Option("--name", "A new name; packages stay linked");
        var options = new RepositoryOptions();
        return BerthCommand.Of(
            "edit",
            "Change a repository. When it becomes more private its inheriting packages follow; when more public they stay.",
            ["berth repo edit acme/app --visibility internal", "berth repo edit acme/app --name application"],
            [repository, name, .. options.All],
            async call =>
            {
                var changed = await call.Client.ChangeRepositoryAsync(
                    call.Get(repository), options.Read(call) with { Name = call.Get(name) }, call.CancellationToken);
                call.Print(changed, Details);
                foreach (var difference in changed.PackagesThatDiffer ?? [])
                {
                    call.WriteDone(
                        $"{difference.Package} stays {difference.PackageVisibility}; to make "
                            + $"it {difference.RepositoryVisibility}: {difference.Command}");
                }
            });
    }

    private static BerthCommand Delete()
    {
        var repository = Arguments.Repository();
        var yes = Arguments.Yes();
        return BerthCommand.Of(
            "delete",
            "Delete a repository. Its packages stay, without link and inherited access.",
            ["berth repo delete acme/app --yes"],
            [repository, yes],
            async call =>
            {
                Arguments.DemandYes(call, yes, $"deleting {call.Get(repository)}");
                await call.Client.DeleteRepositoryAsync(call.Get(repository), call.CancellationToken);
                call.WriteDone($"Deleted {call.Get(repository)}.");
            });
    }

    private static BerthCommand Transfer()
    {
        var repository = Arguments.Repository();
        var owner = Arguments.Text("NEW-OWNER", "The account that gets it");
        return BerthCommand.Of(
            "transfer",
            "Give a repository to another account. Its packages stay where they are, without link and inherited access.",
            ["berth repo transfer ada/tools acme"],
            [repository, owner],
            async call => call.Print(
                await call.Client.TransferRepositoryAsync(call.Get(repository), call.Get(owner), call.CancellationToken),
                (writer, moved) => writer.WriteLine(moved.FullName)));
    }

    private static BerthCommand ListCollaborators()
    {
        var repository = Arguments.Repository();
        return BerthCommand.Of(
            "list",
            "List collaborators.",
            ["berth repo collaborator list acme/app"],
            [repository],
            async call => call.PrintList(
                await call.Client.CollaboratorsAsync(call.Get(repository), call.CancellationToken),
                "There are no collaborators.",
                ("LOGIN", person => person.Login),
                ("ROLE", person => person.RoleName)));
    }

    private static BerthCommand SetCollaborator()
    {
        var repository = Arguments.Repository();
        var login = Arguments.User();
        var role = Arguments.OneOf("--role", "The role (default write)", Arguments.RepositoryRoles);
        return BerthCommand.Of(
            "set",
            "Give somebody a role on a repository.",
            ["berth repo collaborator set acme/app bob --role write"],
            [repository, login, role],
            async call =>
            {
                await call.Client.SetCollaboratorAsync(
                    call.Get(repository), call.Get(login), call.Get(role) ?? "write", call.CancellationToken);
                call.WriteDone($"{call.Get(login)} has {call.Get(role) ?? "write"} on {call.Get(repository)}.");
            });
    }

    private static BerthCommand RemoveCollaborator()
    {
        var repository = Arguments.Repository();
        var login = Arguments.User();
        return BerthCommand.Of(
            "remove",
            "Take a collaborator off a repository.",
            ["berth repo collaborator remove acme/app bob"],
            [repository, login],
            async call =>
            {
                await call.Client.RemoveCollaboratorAsync(call.Get(repository), call.Get(login), call.CancellationToken);
                call.WriteDone($"{call.Get(login)} is no longer a collaborator of {call.Get(repository)}.");
            });
    }

    private static BerthCommand ShowPermission()
    {
        var repository = Arguments.Repository();
        var login = Arguments.User();
        return BerthCommand.Of(
            "show",
            "Show what somebody may do with a repository, however they may.",
            ["berth repo collaborator show acme/app bob"],
            [repository, login],
            async call => call.Print(
                await call.Client.PermissionAsync(call.Get(repository), call.Get(login), call.CancellationToken),
                (writer, permission) => writer.WriteLine(permission.RoleName)));
    }

    private static void Details(TextWriter writer, Repository repository) => CommandCall.Details(
        writer,
        ("Repository", repository.FullName),
        ("Visibility", repository.Visibility),
        ("Description", repository.Description),
        ("Clone URL", repository.CloneUrl),
        ("External id", repository.ExternalId),
        ("Default branch", repository.DefaultBranch),
        ("Submodules", repository.Submodules ? "cloned into codespaces" : null),
        ("Your role", Role(repository.Permissions)),
        ("Id", repository.Id));

    private static string Role(RepositoryPermissions? permissions) => permissions switch
    {
        null => "",
        { Admin: true } => "admin",
        { Maintain: true } => "maintain",
        { Push: true } => "write",
        { Triage: true } => "triage",
        { Pull: true } => "read",
        _ => "",
    };

    private sealed class RepositoryOptions
    {
        private readonly Option<string> _visibility = Arguments.OneOf(
            "--visibility", "Who may read it without being given anything", Arguments.Visibilities);
        private readonly Option<string> _cloneUrl = Arguments.Option("--clone-url", "Where git clones it from; without credentials");
        private readonly Option<string> _externalId = Arguments.Option("--external-id", "The forge's own immutable id of it");
        private readonly Option<string> _description = Arguments.Option("--description", "What it is");
        private readonly Option<string> _branch = Arguments.Option(
            "--default-branch", "The branch that codespaces start from (default main)");

        private readonly Option<bool?> _submodules = Arguments.Flag(
            "--submodules", "Whether codespaces get its submodules where devcontainer.json does not say (default false)");

        public Symbol[] All => [_visibility, _cloneUrl, _externalId, _description, _branch, _submodules];

        public RepositoryChange Read(CommandCall call) => new()
        {
            Visibility = call.Get(_visibility),
            CloneUrl = call.Get(_cloneUrl),
            ExternalId = call.Get(_externalId),
            Description = call.Get(_description),
            DefaultBranch = call.Get(_branch),
            Submodules = call.Get(_submodules),
        };
    }
}
