using System.CommandLine;
using Berth.Client;
using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli.Commands;

/// <summary>
/// The permissions that a repository asks for its codespaces (<c>customizations.codespaces.repositories</c>), and the user's answer.
/// </summary>
internal static class CodespacePermissionCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "permissions",
        "What codespaces of a repository may have of others, packages and git: what its devcontainer.json asks for, and what you allow.",
        [
            "berth codespace permissions show acme/app", "berth codespace permissions allow acme/app",
            "berth codespace permissions revoke acme/app",
        ],
        Show(),
        Allow(),
        Revoke());

    /// <summary>
    /// Creates a codespace. If it asks for permissions, allows them (by the option, or after a question on a terminal) and then creates it.
    /// </summary>
    public static async Task<Codespace> CreateAsync(CommandCall call, string repository, NewCodespace wanted, bool allow)
    {
        try
        {
            return await call.Client.CreateCodespaceAsync(repository, wanted, call.CancellationToken);
        }
        catch (BerthException exception) when (exception.AllowPermissionsUrl is not null && (allow || call.Terminal.Interactive))
        {
            await AllowAsync(call, repository, wanted.Ref, wanted.DevcontainerPath, ask: !allow);
            return await call.Client.CreateCodespaceAsync(repository, wanted, call.CancellationToken);
        }
    }

    private static BerthCommand Show()
    {
        var (repository, reference, path) = (Arguments.Repository(), Ref(), DevcontainerPath());
        return BerthCommand.Of(
            "show",
            "Show what the repository's devcontainer.json asks for, and what of it you allow.",
            ["berth codespace permissions show acme/app", "berth codespace permissions show acme/app --ref feature/login"],
            [repository, reference, path],
            async call => call.Print(
                await call.Client.CheckCodespacePermissionsAsync(
                    call.Get(repository), call.Get(reference), call.Get(path), call.CancellationToken),
                (writer, check) => Describe(writer, call.Get(repository), check)));
    }

    private static BerthCommand Allow()
    {
        var (repository, reference, path) = (Arguments.Repository(), Ref(), DevcontainerPath());
        return BerthCommand.Of(
            "allow",
            "Allow what the repository's devcontainer.json asks for, to your codespaces of it. What it asks for later is asked again.",
            ["berth codespace permissions allow acme/app"],
            [repository, reference, path],
            call => AllowAsync(call, call.Get(repository), call.Get(reference), call.Get(path), ask: false));
    }

    private static BerthCommand Revoke()
    {
        var repository = Arguments.Repository();
        return BerthCommand.Of(
            "revoke",
            "Take back everything that you allowed to codespaces of the repository; at once, also for those that run.",
            ["berth codespace permissions revoke acme/app"],
            [repository],
            async call =>
            {
                await call.Client.SetCodespacePermissionsAsync(
                    call.Get(repository), new CodespacePermissionList { Repositories = [] }, call.CancellationToken);
                call.WriteDone($"Your codespaces of {call.Get(repository)} have their own repository only.");
            });
    }

    private static async Task AllowAsync(CommandCall call, string repository, string? reference, string? path, bool ask)
    {
        var check = await call.Client.CheckCodespacePermissionsAsync(repository, reference, path, call.CancellationToken);
        Describe(call.Terminal.Error, repository, check);
        if (check.Accepted)
        {
            return;
        }

        if (ask
            && !await new ConfirmationPrompt("Allow it?") { DefaultValue = false }
                .ShowAsync(call.Terminal.Screen(), call.CancellationToken))
        {
            throw new CommandException(
                ExitCodes.Failed,
                $"nothing was allowed and nothing created; without it: berth codespace "
                    + $"create {repository} --default-permissions");
        }

        var allowed = await call.Client.CodespacePermissionsAsync(repository, call.CancellationToken);
        await call.Client.SetCodespacePermissionsAsync(
            repository,
            new CodespacePermissionList
            {
                Repositories = Joined(allowed.Repositories, check.Permissions.Where(asked => asked.Packages is not null)),
                Contents = Joined(allowed.Contents ?? [], check.Permissions.Where(asked => asked.Contents is not null)),
            },
            call.CancellationToken);
        call.WriteDone($"Allowed for your codespaces of {repository}.");
    }

    private static List<string> Joined(IReadOnlyList<string> before, IEnumerable<CodespacePermission> asked) =>
        [.. before.Union(asked.Select(one => one.Repository))];

    private static void Describe(TextWriter writer, string repository, CodespacePermissionsCheck check)
    {
        writer.WriteLine(check.Permissions.Count == 0
            ? $"{repository} asks for nothing beside its own."
            : $"{repository} asks to let its codespaces");
        foreach (var asked in check.Permissions)
        {
            string[] parts =
            [
                .. asked.Packages is null ? [] : new[] { $"{asked.Packages} the packages of {asked.Repository}" },
                .. asked.Contents is null ? [] : new[] { $"use git with {asked.Repository}, with your own clone credential" },
            ];
            foreach (var part in parts)
            {
                writer.WriteLine($"  {part} ({(asked.Accepted ? "you allow it" : "not allowed yet")})");
            }
        }

        foreach (var remark in check.Remarks)
        {
            writer.WriteLine($"  {remark}");
        }
    }

    private static Option<string> Ref() => Arguments.Option("--ref", "Branch or tag (default: the one that the remote names)");

    private static Option<string> DevcontainerPath() =>
        Arguments.Option("--devcontainer-path", "Which configuration, when the repository has several");
}
