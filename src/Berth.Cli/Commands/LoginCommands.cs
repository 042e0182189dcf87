using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Signing in. The token comes from standard input, never from an argument.</summary>
internal static class LoginCommands
{
    public static BerthCommand Login()
    {
        var url = new System.CommandLine.Argument<string?>("URL")
        {
            Description = "The server; BERTH_URL or http://localhost:5000 when left out",
            Arity = System.CommandLine.ArgumentArity.ZeroOrOne,
        };
        return BerthCommand.Of(
            "login",
            "Sign in: read a personal access token from standard input, check it, and store it for later commands (mode 0600).",
            ["berth login http://localhost:5000 < data/admin-token", "pass show berth | berth login https://berth.example.test"],
            [url],
            async call =>
            {
                var server = call.Get(url) is { } given
                    ? CommandCall.ParseUrl(given)
                    : CommandCall.UrlOf(call.Terminal, StoredLogin.Load(call.Terminal));
                var token = ReadToken(call.Terminal);
                using var client = new BerthClient(server, token);
                var login = await LoginOfAsync(client, call.CancellationToken);
                var place = server.GetLeftPart(UriPartial.Authority);
                new StoredLogin(place, login ?? "", token).Save(call.Terminal);
                call.WriteDone(
                    login is null ? $"Signed in to {place} with a token that reaches packages only." : $"Signed in to {place} as {login}.");
            });
    }

    public static BerthCommand Logout() => BerthCommand.Of(
        "logout",
        "Forget the stored login. The token itself lives on; end it with berth token delete.",
        ["berth logout"],
        [],
        call =>
        {
            call.WriteDone(StoredLogin.Forget(call.Terminal) ? "Forgotten." : "There was no stored login.");
            return Task.CompletedTask;
        });

    public static BerthCommand WhoAmI() => BerthCommand.Of(
        "whoami",
        "Show who the token stands for, and on which server.",
        ["berth whoami", "berth whoami --json"],
        [],
        async call => call.Print(
            await call.Client.UserAsync(call.CancellationToken),
            (
                writer,
                user) => CommandCall.Details(
                    writer, ("Login", user.Login), ("Name", user.Name), ("Site admin", user.SiteAdmin ? "yes" : null),
                    ("Server", Server(user)))));

    /// <summary>
    /// The login of the token's owner. Null for a token that is narrowed to packages, which may list packages but may not ask for its
    /// owner.
    /// </summary>
    private static async Task<string?> LoginOfAsync(BerthClient client, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.UserAsync(cancellationToken)).Login;
        }
        catch (BerthException exception) when (exception.Status == System.Net.HttpStatusCode.Forbidden)
        {
            await client.PackagesAsync(null, "container", null, cancellationToken);
            return null;
        }
    }

    private static string Server(Account user) => new Uri(user.Url).GetLeftPart(UriPartial.Authority);

    private static string ReadToken(Terminal terminal)
    {
        if (terminal.Interactive)
        {
            terminal.Error.Write("Token: ");
        }

        var token = terminal.In.ReadLine()?.Trim();
        return string.IsNullOrEmpty(token)
            ? throw new CommandException(ExitCodes.Usage, "no token on standard input; for example: berth login URL < token-file")
            : token;
    }
}
