using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace dotfiles</c>: the files that every new container gets in its home folder.</summary>
internal static class DotfilesCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "dotfiles",
        "Your dotfiles: a repository that is cloned into every new container of yours, and installed there.",
        ["berth codespace dotfiles set https://git.example.test/ada/dotfiles", "berth codespace dotfiles show"],
        Set(),
        Show(),
        Delete());

    private static BerthCommand Set()
    {
        var repository = Arguments.Text("URL", "The repository, as an http or https URL that needs no login");
        return BerthCommand.Of(
            "set",
            "Have dotfiles in new containers. Runs install.sh, install, bootstrap.sh, bootstrap, script/bootstrap, setup.sh, setup or "
                + "script/setup, whichever is there first; without one files that begin with a dot are linked into the home folder.",
            ["berth codespace dotfiles set https://git.example.test/ada/dotfiles"],
            [repository],
            async call => call.Print(
                await call.Client.SetDotfilesAsync(
                    new NewCodespaceDotfiles { Repository = call.Get(repository) }, call.CancellationToken),
                (_, dotfiles) => call.WriteDone($"New containers get {dotfiles.Repository}; one that is there gets it by a rebuild.")));
    }

    private static BerthCommand Show() => BerthCommand.Of(
        "show",
        "Show which dotfiles new containers get.",
        ["berth codespace dotfiles show"],
        [],
        async call => call.Print(
            await call.Client.DotfilesAsync(call.CancellationToken), (writer, dotfiles) => writer.WriteLine(dotfiles.Repository)));

    private static BerthCommand Delete() => BerthCommand.Of(
        "delete",
        "Have no dotfiles in new containers. Those that are there stay as they are.",
        ["berth codespace dotfiles delete"],
        [],
        async call =>
        {
            await call.Client.DeleteDotfilesAsync(call.CancellationToken);
            call.WriteDone("New containers get no dotfiles.");
        });
}
