using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>The caller's own tokens, and tokens of workflows.</summary>
internal static class TokenCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "token",
        "Your personal access tokens, and tokens that stand for workflows.",
        ["berth token create --scopes read:packages --note laptop --expires 90d", "berth token workflow acme/app --packages write"],
        Create(),
        List(),
        Delete(),
        Revoke(),
        Workflow());

    public static void ShowValue(TextWriter writer, Token token) => writer.WriteLine(token.Value);

    private static BerthCommand Create()
    {
        var options = new TokenOptions();
        return BerthCommand.Of(
            "create",
            "Make a personal access token and print it. It is shown this once, and can do no more than the token that makes it.",
            [
                "berth token create --scopes write:packages --note ci --expires 90d",
                "berth token create --scopes read:packages --packages 'acme/*' | docker login localhost:5000 -u ada --password-stdin",
            ],
            [.. options.All],
            async call => call.Print(await call.Client.CreateTokenAsync(options.Read(call), call.CancellationToken), ShowValue));
    }

    private static BerthCommand List() => BerthCommand.Of(
        "list",
        "List your personal access tokens; never their values.",
        ["berth token list"],
        [],
        async call => call.PrintList(
            await call.Client.TokensAsync(call.CancellationToken),
            "You have no tokens.",
            ("ID", token => $"{token.Id}"),
            ("NOTE", token => token.Note),
            ("SCOPES", token => string.Join(',', token.Scopes)),
            ("PACKAGES", token => token.Packages is null ? "" : string.Join(' ', token.Packages)),
            ("EXPIRES", token => token.ExpiresAt is { } end ? $"{end:yyyy-MM-dd HH:mm}" : "never"),
            ("LAST USED", token => token.LastUsedAt is { } used ? $"{used:yyyy-MM-dd HH:mm}" : "never")));

    private static BerthCommand Delete()
    {
        var id = new Argument<long>("ID") { Description = "The token's id, from berth token list" };
        return BerthCommand.Of(
            "delete",
            "End a token at once, and the workflow tokens made with it.",
            ["berth token delete 42"],
            [id],
            async call =>
            {
                await call.Client.DeleteTokenAsync(call.Get(id), call.CancellationToken);
                call.WriteDone($"Token {call.Get(id)} has ended.");
            });
    }

    private static BerthCommand Revoke()
    {
        var yes = Arguments.Yes();
        return BerthCommand.Of(
            "revoke",
            "End all of your tokens at once, the one that you are signed in with too, and the workflow tokens made with them.",
            ["berth token revoke --yes"],
            [yes],
            async call =>
            {
                Arguments.DemandYes(call, yes, "ending all of your tokens");
                await call.Client.DeleteTokensAsync(call.CancellationToken);
                call.WriteDone("All of your tokens have ended. A site administrator can make you a new one.");
            });
    }

    private static BerthCommand Workflow()
    {
        var repository = Arguments.Repository();
        var packages = Arguments.OneOf("--packages", "What the workflow may do with packages", "read", "write");
        packages.DefaultValueFactory = _ => "read";
        var expires = Arguments.Option("--expires-in", "How long it lives, at most 24h, for example 30m (default 1h)");
        var run = Arguments.Option("--run", "A remark: which run it is for");
        var gitRef = Arguments.Option("--ref", "A remark: which ref it is for");
        return BerthCommand.Of(
            "workflow",
            "Make a token that stands for a workflow of a repository and print it. Needs write on the repository.",
            [
                "berth token workflow acme/app --packages write --expires-in 30m",
                "berth token workflow acme/app --packages write | docker login localhost:5000 -u ci --password-stdin",
            ],
            [repository, packages, expires, run, gitRef],
            async call => call.Print(
                await call.Client.CreateWorkflowTokenAsync(
                    call.Get(repository),
                    new NewWorkflowToken
                    {
                        Permissions = new WorkflowPermissions { Packages = call.Get(packages)! },
                        ExpiresIn = call.Get(expires) is { } length ? (long)Arguments.Duration(length).TotalSeconds : null,
                        Run = call.Get(run),
                        Ref = call.Get(gitRef),
                    },
                    call.CancellationToken),
                (writer, token) => writer.WriteLine(token.Value)));
    }

    /// <summary>The options for every new personal token.</summary>
    internal sealed class TokenOptions
    {
        private readonly Option<string> _note = Arguments.Option("--note", "What it is for");
        private readonly Option<string[]> _scopes = new("--scopes") { Description = "Its scopes, separated by commas" };
        private readonly Option<string[]> _packages = new("--packages") { Description = "Narrow it to packages, for example 'acme/*'" };
        private readonly Option<string> _expires = Arguments.Option("--expires", "When it ends: 30d, 12h, 2030-01-31 (default never)");

        public Symbol[] All => [_scopes, _packages, _expires, _note];

        public NewToken Read(CommandCall call) => new()
        {
            Note = call.Get(_note),
            Scopes = Arguments.Split(call.Get(_scopes)) ?? [],
            Packages = Arguments.Split(call.Get(_packages)),
            ExpiresAt = Arguments.Expiry(call.Get(_expires)),
        };
    }
}
