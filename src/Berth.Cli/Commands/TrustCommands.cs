using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>Publishing from CI without passwords: whose ID tokens stand for workflows.</summary>
internal static class TrustCommands
{
    public static BerthCommand Build() => BerthCommand.Group(
        "trust",
        "Which CI systems may publish without a stored password: their jobs' ID tokens stand for workflows of a repository.",
        ["berth trust add acme/app --provider github --value 123456 --packages write --ref refs/heads/main", "berth trust ls acme/app"],
        List(),
        Add(),
        Remove());

    private static Argument<string> Place() => Arguments.Text("ORG|OWNER/NAME", "An organization, or a repository as owner/name");

    private static BerthCommand List()
    {
        var place = Place();
        return BerthCommand.Of(
            "ls",
            "List what is trusted.",
            ["berth trust ls acme/app", "berth trust ls acme"],
            [place],
            async call => call.PrintList(
                await call.Client.TrustsAsync(call.Get(place), call.CancellationToken),
                "Nothing is trusted.",
                ("ID", trust => $"{trust.Id}"),
                ("ISSUER", trust => trust.Issuer),
                ("AUDIENCE", trust => trust.Audience),
                ("ID CLAIM", trust => $"{trust.Claim}={trust.Value}"),
                ("REF", trust => trust.Ref),
                ("ENVIRONMENT", trust => trust.Environment),
                ("EVENT", trust => trust.Event),
                ("PACKAGES", trust => trust.Permissions.Packages)));
    }

    private static BerthCommand Add()
    {
        var place = Place();
        var provider = Arguments.OneOf(
            "--provider", "The CI system, which says how its claims are called (default: other)", "github", "gitlab", "forgejo", "gitea",
            "buildkite", "circleci", "other");
        var issuer = Arguments.Option("--issuer", "Who issues the ID tokens, as its URL (default: the provider's own)");
        var audience = Arguments.Option("--audience", "For whom they are issued (default: the server's URL with the owner's login)");
        var claim = Arguments.Option("--claim", "The claim with the id to trust (default: the provider's repository or owner id)");
        var value = Arguments.Option("--value", "That id (default: the repository's external id)");
        var repositoryClaim = Arguments.Option(
            "--repository-claim", "Of an organization: the claim that is looked for among its repositories' external ids");
        var gitRef = Arguments.Option("--ref", "Only for this ref: refs/heads/main, refs/tags/v*");
        var environment = Arguments.Option("--environment", "Only for jobs of this environment");
        var happened = Arguments.Option("--event", "Only for runs that this event began");
        var packages = Arguments.OneOf("--packages", "What such workflows may do with packages (default: write)", "read", "write");
        packages.DefaultValueFactory = _ => "write";
        return BerthCommand.Of(
            "add",
            "Trust the ID tokens of a CI system. An organization's trust finds the repository by its external id, never by name.",
            [
                "berth trust add acme/app --provider github --value 123456 --ref refs/heads/main",
                "berth trust add acme --provider gitlab --issuer https://gitlab.example.test --value 77 --packages read",
            ],
            [place, provider, issuer, audience, claim, value, repositoryClaim, gitRef, environment, happened, packages],
            async call => call.Print(
                await call.Client.AddTrustAsync(
                    call.Get(place),
                    new NewOidcTrust
                    {
                        Provider = call.Get(provider),
                        Issuer = call.Get(issuer),
                        Audience = call.Get(audience),
                        Claim = call.Get(claim),
                        Value = call.Get(value),
                        RepositoryClaim = call.Get(repositoryClaim),
                        Ref = call.Get(gitRef),
                        Environment = call.Get(environment),
                        Event = call.Get(happened),
                        Permissions = new WorkflowPermissions { Packages = call.Get(packages)! },
                    },
                    call.CancellationToken),
                Details));
    }

    private static BerthCommand Remove()
    {
        var place = Place();
        var id = new Argument<long>("ID") { Description = "The trust's number, from berth trust ls" };
        return BerthCommand.Of(
            "rm",
            "Trust it no more. Tokens that were made by it end at once.",
            ["berth trust rm acme/app 3"],
            [place, id],
            async call =>
            {
                await call.Client.RemoveTrustAsync(call.Get(place), call.Get(id), call.CancellationToken);
                call.WriteDone($"Trust {call.Get(id)} has ended, with the tokens made by it.");
            });
    }

    private static void Details(TextWriter writer, OidcTrust trust) => CommandCall.Details(
        writer,
        ("Id", trust.Id),
        ("For", trust.Repository ?? trust.Organization),
        ("Issuer", trust.Issuer),
        ("Audience", trust.Audience),
        ("Trusted", $"{trust.Claim} = {trust.Value}"),
        ("Repository by", trust.RepositoryClaim),
        ("Ref", trust.Ref),
        ("Environment", trust.Environment),
        ("Event", trust.Event),
        ("Packages", trust.Permissions.Packages));
}
