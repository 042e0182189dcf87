using Berth.Server.Access;
using CsCheck;

namespace Berth.Tests.Access;

/// <summary>Which changes of tags rules allow to whom. It tests <see cref="AccessRules.DecideTag"/>, a function of facts.</summary>
public sealed class TagRulesTests
{
    private const string A = "sha256:a";
    private const string B = "sha256:b";
    private static readonly RepositoryFacts App = new() { Id = 7, OwnerId = 1, OwnerLogin = "acme", Name = "app" };

    private static readonly Dictionary<string, (string? From, string? To)> Changes = new(StringComparer.Ordinal)
    {
        ["create"] = (null, A),
        ["move"] = (A, B),
        ["delete"] = (A, null),
        ["again"] = (A, A),
    };

    /// <summary>A rule, a caller, and whether the caller may create, move and delete.</summary>
    public static TheoryData<string, string, bool> WhoMay => new()
    {
        { "role admin", "reader", false },
        { "role admin", "writer", false },
        { "role admin", "admin", true },
        { "role write", "writer", true },
        { "role write", "workflow on refs/heads/main", false },
        { "team 3", "writer", false },
        { "team 3", "member of 3", true },
        { "team 3", "member of 4", false },
        { "team 3", "admin", false },
        { "repository 7", "workflow on refs/heads/dev", true },
        { "repository 7", "minted workflow", false },
        { "repository 8", "workflow on refs/heads/main", false },
        { "repository 7", "admin", false },
        { "repository 7 ref refs/heads/main", "workflow on refs/heads/main", true },
        { "repository 7 ref refs/heads/main", "workflow on refs/heads/main2", false },
        { "repository 7 ref refs/heads/main", "minted workflow", false },
        { "repository 7 ref refs/tags/v*", "workflow on refs/tags/v1", true },
        { "repository 7 ref refs/tags/v*", "workflow on refs/heads/v1", false },
        { "repository 7 ref refs/tags/v*", "workflow on nothing", false },
        { "repository 7 environment prod", "workflow on refs/heads/main in prod", true },
        { "repository 7 environment prod", "workflow on refs/heads/main in Prod", false },
        { "repository 7 environment prod", "workflow on refs/heads/main", false },
        { "repository 7 ref refs/heads/main environment prod", "workflow on refs/heads/main in prod", true },
        { "repository 7 ref refs/heads/main environment prod", "workflow on refs/heads/dev in prod", false },
        { "role admin, repository 7", "workflow on nothing", true },
        { "role admin, repository 7", "admin", true },
        { "role admin, repository 7", "writer", false },
        { "nobody", "admin", false },
        { "nobody", "the server", true },
        { "role admin", "the server", true },
    };

    [Theory]
    [MemberData(nameof(WhoMay))]
    public void A_list_says_who_creates_moves_and_deletes(string rule, string who, bool may)
    {
        var (principal, facts) = Case(who, Rule("*", rule));
        foreach (var (name, (from, to)) in Changes)
        {
            var decision = AccessRules.DecideTag(principal, facts, new TagChange("v1", from, to));
            Assert.True(decision.Allowed == (may || name == "again"), $"{name}: {decision.Deciding}");
            Assert.Equal(decision.Allowed, decision.Reason is null);
            Assert.Equal(decision.Allowed, decision.Remedy is null);
        }
    }

    [Theory]
    [InlineData(null, A, null, true)]
    [InlineData(A, A, null, true)]
    [InlineData(A, B, null, false)]
    [InlineData(A, null, null, false)]
    [InlineData(null, B, A, false)]
    [InlineData(null, A, A, true)]
    [InlineData(A, B, B, false)]
    public void An_immutable_tag_is_made_once_and_stays(string? from, string? to, string? spent, bool may)
    {
        foreach (var who in new[] { "admin", "workflow on refs/heads/main", "the server" })
        {
            var (principal, facts) = Case(who, new TagRule { Id = 9, Pattern = "v*", Immutable = true });
            var decision = AccessRules.DecideTag(principal, facts, new TagChange("v1", from, to, spent));
            Assert.Equal(may, decision.Allowed);
            Assert.Equal(!may, decision.Reason?.Contains("immutable by push rule 9 (v*)", StringComparison.Ordinal) ?? false);
            Assert.True(AccessRules.DecideTag(principal, facts, new TagChange("w1", from, to, spent)).Allowed);
        }
    }

    [Fact]
    public void Every_rule_that_covers_the_tag_must_allow_it()
    {
        var (principal, facts) = Case("admin", Rule("v*", "role admin"), Rule("*", "team 3"));
        var decision = AccessRules.DecideTag(principal, facts, new TagChange("v1", null, A));
        Assert.False(decision.Allowed);
        Assert.Equal([true, false], decision.Chain.Select(line => line.Holds));
        Assert.True(AccessRules.DecideTag(principal, facts with { Teams = [3] }, new TagChange("v1", null, A)).Allowed);
    }

    [Theory]
    [InlineData("*", "sha256-{64}", false)]
    [InlineData("*", "sha256-{64}.sig", false)]
    [InlineData("*.sig", "sha256-{64}.sig", false)]
    [InlineData("sha256-*", "sha256-{64}.sig", true)]
    [InlineData("*", "sha256-short", true)]
    public void A_star_leaves_tags_of_signatures_alone(string pattern, string tag, bool covers) =>
        Assert.Equal(
            covers, new TagRule { Pattern = pattern }.Covers(tag.Replace("{64}", new string('a', 64), StringComparison.Ordinal)));

    [Fact]
    public void A_refusal_names_no_repository_and_no_team_to_those_who_may_not_know_it()
    {
        var rule = Rule("*", "team 3, repository 8 ref refs/heads/main");
        var (writer, facts) = Case("writer", rule);
        var refusal = AccessRules.DecideTag(writer, facts, new TagChange("v1", null, A)).Reason!;
        Assert.Equal(
            "push rule 0 (*) lets only a team of acme and workflows of another repository create, move or delete such tags", refusal);
        var (admin, known) = Case("admin", rule);
        Assert.Contains(
            "the team t3 and workflows of acme/r8 on refs/heads/main",
            AccessRules.DecideTag(admin, known, new TagChange("v1", null, A)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void More_rules_never_allow_more()
    {
        var rule = Gen.Select(
            One("nobody", "role write", "role admin", "team 3", "repository 7", "repository 7 ref refs/heads/main"),
            One("*", "v*", "v1", "w*"), Gen.Bool, Gen.Bool,
            (allow, pattern, immutable, restricted) => Rule(pattern, allow) with
            {
                Immutable = immutable,
                Allow = restricted ? Rule(pattern, allow).Allow : null,
            });
        var versions = One<string?>(null, A, B);
        var who = One("writer", "admin", "member of 3", "minted workflow", "workflow on refs/heads/main", "the server");
        Gen.Select(rule.List[0, 4], rule, who, versions, versions, versions).Sample(
            t =>
            {
                var (principal, facts) = Case(t.Item3, [.. t.Item1]);
                var change = new TagChange("v1", t.Item4, t.Item5, t.Item6);
                var few = AccessRules.DecideTag(principal, facts, change).Allowed;
                var more = AccessRules.DecideTag(principal, facts with { Rules = [.. t.Item1, t.Item2] }, change).Allowed;
                return few || !more;
            },
            iter: 2000);
    }

    private static Gen<T> One<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(at => values[at]);

    private static TagRule Rule(string pattern, string allow)
    {
        List<TagAllowance> entries = [];
        foreach (var entry in allow.Split(", "))
        {
            var words = entry.Split(' ');
            string? After(string word) => Array.IndexOf(words, word) is >= 0 and var at ? words[at + 1] : null;
            if (words[0] != "nobody")
            {
                entries.Add(new TagAllowance
                {
                    Role = RoleNames.TryParse(After("role"), out var role) ? role : Role.None,
                    TeamId = After("team") is { } team ? long.Parse(team, System.Globalization.CultureInfo.InvariantCulture) : null,
                    Team = "t" + After("team"),
                    RepositoryId = After("repository") is { } id
                        ? long.Parse(id, System.Globalization.CultureInfo.InvariantCulture)
                        : null,
                    Repository = "acme/r" + After("repository"),
                    Ref = After("ref"),
                    Environment = After("environment"),
                });
            }
        }

        return new TagRule { Pattern = pattern, Allow = entries };
    }

    private static (Principal? Principal, TagFacts Facts) Case(string who, params TagRule[] rules)
    {
        var package = new PackageFacts
        {
            Address = new PackageAddress("acme", PackageAddress.Container, "web"),
            Owner = new OwnerFacts { Id = 1, Login = "acme", IsOrganization = true },
            PackageId = 5,
            Grants = who is "reader" or "writer" or "admin"
                ? [new RoleSource { Source = "bob", Role = who switch { "reader" => "read", "writer" => "write", _ => "admin" } }]
                : [],
            Acting = App,
        };
        var facts = new TagFacts
        {
            Package = package,
            Rules = rules,
            Teams = who.StartsWith("member of ", StringComparison.Ordinal)
                ? [long.Parse(who[10..], System.Globalization.CultureInfo.InvariantCulture)]
                : [],
        };
        var words = who.Split(' ');
        return who switch
        {
            "the server" => (null, facts),
            "minted workflow" => (new WorkflowPrincipal(7, "acme/app", Role.Write, Role.Write, 1), facts),
            _ when words[0] == "workflow" => (
                new WorkflowPrincipal(7, "acme/app", Role.Write, Role.Admin, 1)
                {
                    Run = new VerifiedRun("1", words[2] == "nothing" ? null : words[2], null, words.Length > 4 ? words[4] : null, "push"),
                },
                facts),
            _ => (new UserPrincipal(2, "bob", false, Scopes.All, PackagePatterns.Unrestricted, TokenId: 1), facts with
            {
                Package = package with { Acting = null },
            }),
        };
    }
}
