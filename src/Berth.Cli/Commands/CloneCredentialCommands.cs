using System.CommandLine;
using Berth.Client.Wire;
using Spectre.Console;

namespace Berth.Cli.Commands;

/// <summary>The credential for a private git server. The password comes from standard input or a prompt, never from an argument.</summary>
internal static class CloneCredentialCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "clone-credential",
        "The user name and password (or token) with which codespaces clone a repository from a private git server.",
        ["berth repo clone-credential set acme/app --username ada < token", "berth repo clone-credential show acme/app"],
        Set(),
        Show(),
        Delete());

    private static BerthCommand Set()
    {
        var (repository, own) = (Arguments.Repository(), Own());
        var username = new Option<string>("--username") { Description = "The user name on the git server", Required = true };
        return BerthCommand.Of(
            "set",
            "Store the credential; the password is read from standard input. It is shown to the server of the present clone URL only, and "
                + "dropped when that changes.",
            [
                "berth repo clone-credential set acme/app --username ada < token",
                "berth repo clone-credential set acme/app --own --username ada < token",
            ],
            [repository, username, own],
            async call =>
            {
                var password = call.Terminal.Interactive
                    ? await new TextPrompt<string>($"Password or token of {call.Get(username)}:")
                        .Secret()
                        .ShowAsync(call.Terminal.Screen(), call.CancellationToken)
                    : (await call.Terminal.In.ReadToEndAsync(call.CancellationToken)).TrimEnd('\r', '\n');
                if (password.Length == 0)
                {
                    throw new CommandException(
                        ExitCodes.Usage,
                        "no password on standard input; for example: berth repo clone-credential set OWNER/NAME --username USER < token");
                }

                await call.Client.SetCloneCredentialAsync(
                    call.Get(repository), call.Get(own), new NewCloneCredential { Username = call.Get(username)!, Password = password },
                    call.CancellationToken);
                var stored = await call.Client.CloneCredentialAsync(call.Get(repository), call.Get(own), call.CancellationToken);
                call.WriteDone(
                    $"Stored for {stored.Origin}, "
                        + $"for {(call.Get(own) ? "your codespaces" : "everybody's codespaces")} of {call.Get(repository)}.");
            });
    }

    private static BerthCommand Show()
    {
        var (repository, own) = (Arguments.Repository(), Own());
        return BerthCommand.Of(
            "show",
            "Show what is stored; never the password.",
            ["berth repo clone-credential show acme/app"],
            [repository, own],
            async call => call.Print(
                await call.Client.CloneCredentialAsync(call.Get(repository), call.Get(own), call.CancellationToken),
                (writer, credential) => CommandCall.Details(
                    writer,
                    ("Server", credential.Origin),
                    ("User name", credential.Username),
                    ("Stored", credential.UpdatedAt.ToString("u", System.Globalization.CultureInfo.InvariantCulture)))));
    }

    private static BerthCommand Delete()
    {
        var (repository, own) = (Arguments.Repository(), Own());
        return BerthCommand.Of(
            "delete",
            "Delete the credential. Workspaces that were cloned with it stay.",
            ["berth repo clone-credential delete acme/app"],
            [repository, own],
            async call =>
            {
                await call.Client.DeleteCloneCredentialAsync(call.Get(repository), call.Get(own), call.CancellationToken);
                call.WriteDone("Deleted.");
            });
    }

    private static Option<bool> Own() =>
        new("--own") { Description = "Your own, for your codespaces only; it comes before the repository's" };
}
