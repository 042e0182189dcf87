using System.CommandLine;
using Berth.Client.Wire;

namespace Berth.Cli.Commands;

/// <summary>The audit log, which says who did what.</summary>
internal static class AuditCommand
{
    public static BerthCommand Build()
    {
        var organization = new Argument<string?>("ORG")
        {
            Description = "An organization that you own; left out: what is yours, and what you did",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var site = new Option<bool>("--site") { Description = "Of the whole site; needs a site administrator's token" };
        var action = Arguments.Option("--action", "An action or a category of them, for example team or packages.package_deleted");
        var actor = Arguments.Option("--actor", "Who did it: a login, or the repository of a workflow");
        var repository = Arguments.Option("--repo", "On which repository");
        var package = Arguments.Option("--package", "To which package");
        var created = Arguments.Option("--created", "When: 2026-01-31, >=2026-01-01, 2026-01-01..2026-01-31");
        var token = Arguments.Option("--token", "With which token, by its id: what did it touch?");
        var include = Arguments.OneOf("--include", "web: what was done; git: what was read, where that is recorded", "web", "git", "all");
        var limit = new Option<int>("--limit") { Description = "How many entries, the newest first", DefaultValueFactory = _ => 100 };
        return BerthCommand.Of(
            "audit",
            "Who did what, when, with which token and from where. Needs a token with read:audit_log.",
            [
                "berth audit acme --package app",
                "berth audit acme --action team --created '>=2026-01-01'",
                "berth audit --token 42 --json",
            ],
            [organization, site, action, actor, repository, package, created, token, include, limit],
            async call =>
            {
                var words = new[]
                {
                    ("action", call.Get(action)), ("actor", call.Get(actor)), ("repo", call.Get(repository)),
                    ("package", call.Get(package)), ("created", call.Get(created)), ("token", call.Get(token)),
                };
                var phrase = string.Join(' ', words.Where(word => word.Item2 is not null).Select(word => $"{word.Item1}:{word.Item2}"));
                var query = new Dictionary<string, string>(StringComparer.Ordinal) { ["include"] = call.Get(include) ?? "web" };
                if (phrase.Length > 0)
                {
                    query["phrase"] = phrase;
                }

                call.PrintList(
                    await call.Client.AuditLogAsync(
                        call.Get(organization), call.Get(site), query, call.Get(limit), call.CancellationToken),
                    "Nothing is recorded that fits.",
                    ("TIME", entry => $"{DateTimeOffset.FromUnixTimeMilliseconds(entry.Timestamp):yyyy-MM-dd HH:mm:ss}"),
                    ("ACTOR", entry => entry.Actor),
                    ("TOKEN", entry => entry.TokenId?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                    ("FROM", entry => entry.ActorIp),
                    ("ACTION", entry => entry.Action),
                    ("WHAT", What),
                    ("CHANGE", Change));
            });
    }

    private static string What(AuditLogEntry entry) => string.Join(
        ' ',
        new[]
        {
            entry.Package is null ? entry.Repo ?? entry.Org : $"{entry.Org}/{entry.Package}",
            entry.Tag ?? entry.Version,
            entry.Subject,
        }.Where(part => part is not null));

    private static string Change(AuditLogEntry entry) => (entry.Old, entry.New) switch
    {
        (null, null) => "",
        (null, { } now) => now,
        ({ } old, null) => $"{old} → none",
        ({ } old, { } now) => $"{old} → {now}",
    };
}
