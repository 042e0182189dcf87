using Berth.Server.Access;
using static Berth.Server.Access.PackageAction;

namespace Berth.Tests.Access;

/// <summary>The rules of access as a table. Each row is one sentence of the rules.</summary>
public sealed class AccessRulesTests
{
    private const bool Yes = true;
    private const bool No = false;

    private static readonly (string Rule, bool Allowed, Principal Principal, PackageAction Action, World World)[] Rules =
    [
        // Anonymous callers: only public packages, and never a push.
        ("anonymous pulls public", Yes, Principal.Anonymous, Pull, World.Public()),
        ("anonymous pulls no internal", No, Principal.Anonymous, Pull, World.Internal()),
        ("anonymous pulls no private", No, Principal.Anonymous, Pull, World.Private()),
        ("anonymous pulls nothing missing", No, Principal.Anonymous, Pull, World.Missing()),
        ("anonymous never pushes", No, Principal.Anonymous, Push, World.Public()),
        ("anonymous never creates", No, Principal.Anonymous, Push, World.Missing()),
        ("anonymous never deletes", No, Principal.Anonymous, Delete, World.Public()),
        ("anonymous never manages", No, Principal.Anonymous, Manage, World.Public()),

        // The effective role of a user is the highest of ...
        ("the owning user is admin", Yes, Who.User(), Delete, World.Private().OwnedByAda().ByItsOwner()),
        ("an organization's owner is admin", Yes, Who.User(), Manage, World.Private().ByItsOwner()),
        ("a member without a grant gets nothing on private", No, Who.User(), Pull, World.Private().ByAMember()),
        ("a member reads internal", Yes, Who.User(), Pull, World.Internal().ByAMember()),
        ("a member does not write internal", No, Who.User(), Push, World.Internal().ByAMember()),
        ("a stranger does not read internal", No, Who.User(), Pull, World.Internal()),
        ("everyone reads public", Yes, Who.User(), Pull, World.Public()),
        ("reading public gives no write", No, Who.User(), Push, World.Public()),
        ("granted read pulls", Yes, Who.User(), Pull, World.Private().Granted("read")),
        ("granted read does not push", No, Who.User(), Push, World.Private().Granted("read")),
        ("granted write pulls", Yes, Who.User(), Pull, World.Private().Granted("write")),
        ("granted write pushes", Yes, Who.User(), Push, World.Private().Granted("write")),
        ("granted write does not delete", No, Who.User(), Delete, World.Private().Granted("write")),
        ("granted write does not manage", No, Who.User(), Manage, World.Private().Granted("write")),
        ("granted admin deletes", Yes, Who.User(), Delete, World.Private().Granted("admin")),
        ("granted admin manages", Yes, Who.User(), Manage, World.Private().Granted("admin")),
        ("a team's grant counts", Yes, Who.User(), Push, World.Private().Granted("write", "team core")),
        ("the highest grant counts", Yes, Who.User(), Push, World.Private().Granted("read").Granted("write", "team core")),
        (
            "inheriting, repository read is read", Yes, Who.User(), Pull,
            World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("read")),
        ("inheriting, triage is read", Yes, Who.User(), Pull, World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("triage")),
        (
            "inheriting, triage is not write", No, Who.User(), Push,
            World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("triage")),
        (
            "inheriting, repository write is write", Yes, Who.User(), Push,
            World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("write")),
        (
            "inheriting, maintain is write", Yes, Who.User(), Push,
            World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("maintain")),
        (
            "inheriting, maintain is not admin", No, Who.User(), Delete,
            World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("maintain")),
        (
            "inheriting, repository admin is admin", Yes, Who.User(), Delete,
            World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("admin")),
        ("linked without inheriting gives nothing", No, Who.User(), Pull, World.Private().LinkedTo(Repo.App).WithRoleOnLinked("admin")),
        (
            "reading the linked repository by its visibility alone is no named role", No, Who.User(), Pull,
            World.Private().LinkedTo(Repo.PublicApp).Inheriting()),
        ("a site administrator has no right to a private package", No, Who.SiteAdmin(), Pull, World.Private()),

        // ... capped by the token.
        ("pull needs a scope that reads", No, Who.User("repo"), Pull, World.Private().Granted("admin")),
        ("write:packages reads", Yes, Who.User("write:packages"), Pull, World.Private().Granted("read")),
        ("push needs write:packages", No, Who.User("read:packages"), Push, World.Private().Granted("admin")),
        (
            "under a name without a package, who may create deletes what they uploaded", Yes, Who.User("write:packages delete:packages"),
            Delete, World.Missing().ByAMember()),
        ("there too, delete needs delete:packages", No, Who.User("write:packages"), Delete, World.Missing().ByItsOwner()),
        ("a stranger deletes nothing there", No, Who.User("write:packages delete:packages"), Delete, World.Missing()),
        ("delete needs delete:packages", No, Who.User("write:packages"), Delete, World.Private().Granted("admin")),
        (
            "delete:packages alone does not read, so it does not delete", No, Who.User("delete:packages"), Delete,
            World.Private().Granted("admin")),
        (
            "delete:packages beside one that reads deletes", Yes, Who.User("read:packages delete:packages"), Delete,
            World.Private().Granted("admin")),
        ("a pattern that covers it", Yes, Who.User("write:packages", "acme/*"), Push, World.Private().Granted("write")),
        ("a pattern for another name", No, Who.User("write:packages", "acme/web"), Push, World.Private().Granted("write")),
        ("no pattern and no scope caps the reading of public", Yes, Who.User("repo", "globex/*"), Pull, World.Public()),

        // Creating.
        ("an owner creates in the user's namespace", Yes, Who.User(), Push, World.Missing().OwnedByAda().ByItsOwner()),
        ("an owner creates in the organization", Yes, Who.User(), Push, World.Missing().ByItsOwner()),
        ("a member creates in the organization", Yes, Who.User(), Push, World.Missing().ByAMember()),
        (
            "a member does not where settings say so", No, Who.User(), Push,
            World.Missing().Settings(o => o with { MembersCanCreatePrivatePackages = false }).ByAMember()),
        (
            "an owner does where settings stop members", Yes, Who.User(), Push,
            World.Missing().Settings(o => o with { MembersCanCreatePrivatePackages = false }).ByItsOwner()),
        ("a stranger does not create", No, Who.User(), Push, World.Missing()),
        ("creating needs write:packages", No, Who.User("read:packages"), Push, World.Missing().ByItsOwner()),
        ("nobody creates without an account", No, Who.User(), Push, World.NoSuchAccount()),
        (
            "a name kept for a repository is refused without write on it", No, Who.User(), Push,
            World.Missing().ByAMember().NameKeptFor(Repo.App, "read")),
        (
            "a name kept for a repository is given with write on it", Yes, Who.User(), Push,
            World.Missing().ByAMember().NameKeptFor(Repo.App, "write")),

        // Workflows of acme/app.
        ("a workflow pulls public", Yes, Who.Workflow(), Pull, World.Public().ActingFor(Repo.App)),
        (
            "a workflow pulls what is linked and inherits", Yes, Who.Workflow(Role.Read), Pull,
            World.Private().LinkedTo(Repo.App).Inheriting().ActingFor(Repo.App)),
        (
            "a workflow does not pull what is linked and does not inherit", No, Who.Workflow(), Pull,
            World.Private().LinkedTo(Repo.App).ActingFor(Repo.App)),
        (
            "a workflow of another repository does not", No, Who.Workflow(), Pull,
            World.Private().LinkedTo(Repo.Other).Inheriting().ActingFor(Repo.App)),
        (
            "a workflow on the Actions list pulls", Yes, Who.Workflow(Role.Read), Pull,
            World.Private().ActingFor(Repo.App).OnActionsList(Role.Read)),
        ("a workflow pulls internal of its organization", Yes, Who.Workflow(), Pull, World.Internal().ActingFor(Repo.App)),
        ("a public repository's workflow does not pull internal", No, Who.Workflow(), Pull, World.Internal().ActingFor(Repo.PublicApp)),
        ("another organization's workflow does not pull internal", No, Who.Workflow(), Pull, World.Internal().ActingFor(Repo.Elsewhere)),
        (
            "a workflow with packages: read does not push", No, Who.Workflow(Role.Read), Push,
            World.Private().LinkedTo(Repo.App).Inheriting().ActingFor(Repo.App)),
        (
            "a workflow pushes to what is linked and inherits", Yes, Who.Workflow(), Push,
            World.Private().LinkedTo(Repo.App).Inheriting().ActingFor(Repo.App)),
        (
            "a workflow pushes with write on the Actions list", Yes, Who.Workflow(), Push,
            World.Private().ActingFor(Repo.App).OnActionsList(Role.Write)),
        (
            "a workflow does not push with read on the Actions list", No, Who.Workflow(), Push,
            World.Private().ActingFor(Repo.App).OnActionsList(Role.Read)),
        ("a workflow does not push to public", No, Who.Workflow(), Push, World.Public().ActingFor(Repo.App)),
        ("a workflow does not push to internal", No, Who.Workflow(), Push, World.Internal().ActingFor(Repo.App)),
        ("a workflow creates in its owner's namespace", Yes, Who.Workflow(), Push, World.Missing().ActingFor(Repo.App)),
        (
            "a workflow creates a name kept for its own repository", Yes, Who.Workflow(), Push,
            World.Missing().ActingFor(Repo.App).NameKeptFor(Repo.App)),
        (
            "a workflow does not create a name kept for another", No, Who.Workflow(), Push,
            World.Missing().ActingFor(Repo.App).NameKeptFor(Repo.Other)),
        ("a workflow does not create elsewhere", No, Who.Workflow(), Push, World.Missing().ActingFor(Repo.Elsewhere)),
        (
            "a workflow does not create where settings say so", No, Who.Workflow(), Push,
            World.Missing().Settings(o => o with { WorkflowsCanCreatePackages = false }).ActingFor(Repo.App)),
        ("a workflow with packages: read does not create", No, Who.Workflow(Role.Read), Push, World.Missing().ActingFor(Repo.App)),
        (
            "an exchanged workflow token deletes with admin on the Actions list", Yes, Who.ExchangedWorkflow(), Delete,
            World.Private().ActingFor(Repo.App).OnActionsList(Role.Admin)),
        (
            "a minted workflow token counts at most as write", No, Who.Workflow(), Delete,
            World.Private().ActingFor(Repo.App).OnActionsList(Role.Admin)),
        (
            "an exchanged workflow token does not delete with write", No, Who.ExchangedWorkflow(), Delete,
            World.Private().ActingFor(Repo.App).OnActionsList(Role.Write)),
        ("a workflow manages nothing", No, Who.ExchangedWorkflow(), Manage, World.Private().ActingFor(Repo.App).OnActionsList(Role.Admin)),

        // Codespaces of acme/app, created by ada.
        ("a codespace pulls public", Yes, Who.Codespace(), Pull, World.Public().ActingFor(Repo.App).CreatorHas("read")),
        (
            "a codespace pulls what is linked and inherits", Yes, Who.Codespace(), Pull,
            World.Private().LinkedTo(Repo.App).Inheriting().ActingFor(Repo.App).CreatorHas("read")),
        (
            "a codespace does not pull what is linked and does not inherit", No, Who.Codespace(), Pull,
            World.Private().LinkedTo(Repo.App).ActingFor(Repo.App).CreatorHas("admin")),
        (
            "not while the repository is more open than the package", No, Who.Codespace(), Pull,
            World.Private().LinkedTo(Repo.PublicApp).Inheriting().ActingFor(Repo.PublicApp).CreatorHas("admin")),
        (
            "an internal repository is no more open than an internal package", Yes, Who.Codespace(), Pull,
            World.Internal().LinkedTo(Repo.InternalApp).Inheriting().ActingFor(Repo.InternalApp).CreatorReadsByVisibility()),
        (
            "a codespace of a repository on the list pulls", Yes, Who.Codespace(), Pull,
            World.Private().ActingFor(Repo.App).CreatorHas("read").OnCodespacesList()),
        (
            "listed, more open repository, creator has a named role on it", Yes, Who.Codespace(), Pull,
            World.Private().ActingFor(Repo.PublicApp).CreatorHas("read").OnCodespacesList()),
        (
            "listed, more open repository, creator is a member", Yes, Who.Codespace(), Pull,
            World.Private().ActingFor(Repo.PublicApp).CreatorReadsByVisibility().ByAMember().OnCodespacesList()),
        (
            "listed, more open repository, creator reads the package", Yes, Who.Codespace(), Pull,
            World.Private().ActingFor(Repo.PublicApp).CreatorReadsByVisibility().Granted("read").OnCodespacesList()),
        (
            "listed, more open repository, creator is nobody in particular", No, Who.Codespace(), Pull,
            World.Private().ActingFor(Repo.PublicApp).CreatorReadsByVisibility().OnCodespacesList()),
        (
            "a codespace pulls internal of its organization", Yes, Who.Codespace(), Pull,
            World.Internal().ActingFor(Repo.App).CreatorHas("read")),
        (
            "a public repository's codespace does not pull internal", No, Who.Codespace(), Pull,
            World.Internal().ActingFor(Repo.PublicApp).CreatorHas("read")),
        (
            "a public repository on the list of an internal package", Yes, Who.Codespace(), Pull,
            World.Internal().ActingFor(Repo.PublicApp).CreatorHas("read").OnCodespacesList()),
        (
            "the wrong repository is refused although its creator reads the package", No, Who.Codespace(), Pull,
            World.Private().LinkedTo(Repo.Other).Inheriting().Granted("admin").ActingFor(Repo.App).CreatorHas("admin")),
        (
            "a creator who lost the repository pulls nothing", No, Who.Codespace(), Pull,
            World.Private().LinkedTo(Repo.App).Inheriting().ActingFor(Repo.App).CreatorHas(null)),
        (
            "a creator who lost the repository does not pull public with its codespace", No, Who.Codespace(), Pull,
            World.Public().ActingFor(Repo.App).CreatorHas(null)),
        ("a codespace pulls what another repository has and its creator permits", Yes, Who.Codespace(), Pull, Lent()),
        ("a codespace does not pull what its creator has not permitted", No, Who.Codespace(), Pull, Lent().AskedFor(permitted: false)),
        (
            "a codespace does not pull from a repository that its creator cannot read", No, Who.Codespace(), Pull,
            World.Private().LinkedTo(Repo.Other).Inheriting().AskedFor(permitted: true).ActingFor(Repo.App).CreatorHas("write")),
        (
            "a permission is for packages that inherit", No, Who.Codespace(), Pull,
            World.Private()
                .LinkedTo(Repo.Other)
                .WithRoleOnLinked("read")
                .AskedFor(permitted: true)
                .ActingFor(Repo.App)
                .CreatorHas("write")),
        (
            "a permission is for repositories of the same owner", No, Who.Codespace(), Pull,
            Lent().ActingFor(Repo.Elsewhere).CreatorHas("write")),
        (
            "a permission is not for what the other repository is more open than", No, Who.Codespace(), Pull,
            Lent().LinkedTo(Repo.PublicOther)),
        ("a permission does not outlive the reading of its own repository", No, Who.Codespace(), Pull, Lent().CreatorHas(null)),
        ("a permission pushes nothing", No, Who.Codespace(), Push, Lent()),
        ("a permission of codespaces is none of the user's workflows", No, Who.Workflow(), Pull, Lent()),
        (
            "a codespace never pushes", No, Who.Codespace(), Push,
            World.Private().LinkedTo(Repo.App).Inheriting().Granted("admin").ActingFor(Repo.App).CreatorHas("admin")),
        ("a codespace never creates", No, Who.Codespace(), Push, World.Missing().ByItsOwner().ActingFor(Repo.App).CreatorHas("admin")),
        ("a codespace never deletes", No, Who.Codespace(), Delete, World.Private().ByItsOwner().ActingFor(Repo.App).CreatorHas("admin")),
        ("a codespace never manages", No, Who.Codespace(), Manage, World.Private().ByItsOwner().ActingFor(Repo.App).CreatorHas("admin")),
    ];

    /// <summary>
    /// A package of another repository of the same owner. The codespace's configuration asks for it, and its creator permits it.
    /// </summary>
    private static World Lent() =>
        World.Private()
            .LinkedTo(Repo.Other)
            .Inheriting()
            .WithRoleOnLinked("read")
            .AskedFor(permitted: true)
            .ActingFor(Repo.App)
            .CreatorHas("write");

    public static TheoryData<string> Names => [.. Rules.Select(rule => rule.Rule)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_rule_holds(string rule)
    {
        var (_, allowed, principal, action, world) = Rules.Single(r => r.Rule == rule);
        var decision = AccessRules.Decide(principal, action, world.Facts);
        Assert.True(
            allowed == decision.Allowed,
            $"{rule}: {string.Join("; ", decision.Chain.Select(line => $"{(line.Holds ? '+' : '-')} {line.Rule}"))}");
    }

    [Fact]
    public void A_member_creates_public_packages_only_where_settings_say_so()
    {
        var world = World.Missing().ByAMember();
        Assert.False(AccessRules.Decide(Who.User(), Push, world.Facts, Visibility.Public).Allowed);
        var open = world.Settings(o => o with { MembersCanCreatePublicPackages = true });
        Assert.True(AccessRules.Decide(Who.User(), Push, open.Facts, Visibility.Public).Allowed);
    }

    [Fact]
    public void A_hidden_package_and_a_missing_one_are_refused_in_the_same_words()
    {
        foreach (var principal in new[] { Who.User(), Who.Workflow(), Who.Codespace(), Principal.Anonymous })
        {
            var hidden = AccessRules.Decide(principal, Pull, World.Private().ActingFor(Repo.Elsewhere).CreatorHas("read").Facts);
            var missing = AccessRules.Decide(principal, Pull, World.Missing().ActingFor(Repo.Elsewhere).CreatorHas("read").Facts);
            Assert.Equal((false, false, null), (hidden.Allowed, hidden.MaySee, hidden.Reason));
            Assert.Equal((false, false, null), (missing.Allowed, missing.MaySee, missing.Reason));
            Assert.NotNull(hidden.Remedy);
            Assert.Equal(hidden.Remedy, missing.Remedy);
        }
    }

    [Fact]
    public void Who_may_create_may_see_that_nothing_is_there()
    {
        Assert.True(AccessRules.Decide(Who.User(), Pull, World.Missing().ByAMember().Facts).MaySee);
        Assert.True(AccessRules.Decide(Who.User("read:packages"), Pull, World.Missing().ByItsOwner().Facts).MaySee);
        Assert.False(AccessRules.Decide(Who.User("read:packages"), Pull, World.Missing().Facts).MaySee);
    }

    [Fact]
    public void The_creator_of_a_refused_codespace_learns_the_rule_and_the_remedy_if_the_creator_may_read_the_package()
    {
        var world = World.Private().LinkedTo(Repo.Other).Inheriting().Granted("read").ActingFor(Repo.App).CreatorHas("read");
        var decision = AccessRules.Decide(Who.Codespace(), Pull, world.Facts);
        Assert.Equal("acme/app is neither linked to it with inherited access nor on its Codespaces list", decision.Reason);
        Assert.Equal("an admin of the package can run: berth package access grant acme/app --codespaces acme/app", decision.Remedy);
    }

    [Fact]
    public void The_creator_hears_that_a_permission_is_missing_and_how_to_give_it()
    {
        var decision = AccessRules.Decide(Who.Codespace(), Pull, Lent().AskedFor(permitted: false).Facts);
        Assert.Equal("acme/app asks to read the packages of acme/other, and the codespace's creator has not allowed it", decision.Reason);
        Assert.Equal("ada can run: berth codespace permissions allow acme/app", decision.Remedy);
    }

    [Fact]
    public void A_codespace_that_tries_to_publish_hears_what_works()
    {
        var decision = AccessRules.Decide(Who.Codespace(), Push, World.Private().ActingFor(Repo.App).CreatorHas("read").Facts);
        Assert.Contains("your own token with write:packages", decision.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("acme/*", "acme", "tools/ci/base", true)]
    [InlineData("ACME/*", "acme", "app", true)]
    [InlineData("acme/tools/*", "acme", "tools/ci/base", true)]
    [InlineData("acme/tools/*", "acme", "toolset", false)]
    [InlineData("acme/app", "acme", "app", true)]
    [InlineData("acme/app", "acme", "app/x", false)]
    [InlineData("acme/*", "acme2", "app", false)]
    public void Patterns_cover_names(string pattern, string owner, string name, bool covered) =>
        Assert.Equal(covered, PackagePatterns.Parse(pattern).Cover(owner, name));

    [Theory]
    [InlineData("acme/*", true)]
    [InlineData("acme/tools/*", true)]
    [InlineData("acme", false)]
    [InlineData("*/app", false)]
    [InlineData("acme/*/x", false)]
    [InlineData("acme/to*", false)]
    [InlineData("/app", false)]
    [InlineData("acme/app extra", false)]
    public void Patterns_have_a_grammar(string pattern, bool valid) => Assert.Equal(valid, PackagePatterns.IsValid(pattern));
}
