using Berth.Server.Access;
using Berth.Tests.Architecture;
using static Berth.Server.Access.PackageAction;

namespace Berth.Tests.Access;

/// <summary>
/// Tests the tables of docs/permissions.md, cell by cell. Every way that the page names must be open, and every cell must be tested.
/// </summary>
public sealed class PermissionsPageTests
{
    private const string Anonymous = "anonymous";
    private const string User = "user with a token";
    private const string Workflow = "workflow of R";
    private const string Codespace = "codespace of R, made by U";

    /// <summary>A situation in which the way is open, and what closes it.</summary>
    private sealed record Way(string Who, PackageAction Action, string Words, (Principal Principal, World World)? Open)
    {
        public (Principal Principal, World World)[] Closed { get; init; } = [];
    }

    private static World OfR(World world) => world.ActingFor(Repo.App).CreatorHas("read");

    private static readonly World Linked = World.Private().LinkedTo(Repo.App).Inheriting();

    private static readonly World Generous =
        World.Public().LinkedTo(Repo.App).Inheriting().OnActionsList(Role.Admin).OnCodespacesList().ByItsOwner().Granted("admin");

    private static readonly World OfL =
        OfR(World.Private().LinkedTo(Repo.Other).Inheriting()).WithRoleOnLinked("read").AskedFor(permitted: true);

    private static readonly Way[] Ways =
    [
        new(Anonymous, Pull, "public", (Principal.Anonymous, World.Public()))
        {
            Closed =
            [
                (Principal.Anonymous, World.Internal()), (Principal.Anonymous, World.Private()), (Principal.Anonymous, World.Missing()),
            ],
        },
        new(Anonymous, Push, "never", null) { Closed = [(Principal.Anonymous, Generous), (Principal.Anonymous, World.Missing())] },
        new(Anonymous, Delete, "never", null) { Closed = [(Principal.Anonymous, Generous)] },
        new(User, Pull, "public", (Who.User("repo", "globex/*"), World.Public())) { Closed = [(Who.User(), World.Private())] },
        new(User, Pull, "role read, with a scope that reads", (Who.User("read:packages"), World.Private().Granted("read")))
        {
            Closed = [(Who.User("repo"), World.Private().Granted("read")), (Who.User(), World.Private())],
        },
        new(User, Push, "role write, with `write:packages`", (Who.User("write:packages"), World.Private().Granted("write")))
        {
            Closed = [(Who.User("read:packages"), World.Private().Granted("write")), (Who.User(), World.Private().Granted("read"))],
        },
        new(User, Push, "a new package: the right to create it", (Who.User("write:packages"), World.Missing().ByAMember()))
        {
            Closed = [(Who.User("read:packages"), World.Missing().ByAMember()), (Who.User(), World.Missing())],
        },
        new(
            User, Delete, "role admin, with `delete:packages` beside a scope that reads",
            (Who.User("read:packages delete:packages"), World.Private().Granted("admin")))
        {
            Closed =
            [
                (Who.User("delete:packages"), World.Private().Granted("admin")),
                (Who.User("write:packages"), World.Private().Granted("admin")),
                (Who.User(), World.Private().Granted("write")),
            ],
        },
        new(Workflow, Pull, "public", (Who.Workflow(Role.Read), World.Public().ActingFor(Repo.App)))
        {
            Closed = [(Who.Workflow(), World.Private().ActingFor(Repo.App))],
        },
        new(Workflow, Pull, "linked to R and inheriting", (Who.Workflow(Role.Read), Linked.ActingFor(Repo.App)))
        {
            Closed =
            [
                (Who.Workflow(), World.Private().LinkedTo(Repo.App).ActingFor(Repo.App)),
                (Who.Workflow(), World.Private().LinkedTo(Repo.Other).Inheriting().ActingFor(Repo.App)),
            ],
        },
        new(
            Workflow, Pull, "R on the Actions list",
            (Who.Workflow(Role.Read), World.Private().ActingFor(Repo.App).OnActionsList(Role.Read)))
        {
            Closed = [(Who.Workflow(), World.Private().ActingFor(Repo.App).OnCodespacesList())],
        },
        new(Workflow, Pull, "internal, same organization, R not public", (Who.Workflow(Role.Read), World.Internal().ActingFor(Repo.App)))
        {
            Closed =
            [
                (Who.Workflow(), World.Internal().ActingFor(Repo.PublicApp)), (Who.Workflow(), World.Internal().ActingFor(Repo.Elsewhere)),
            ],
        },
        new(Workflow, Push, "linked to R and inheriting", (Who.Workflow(), Linked.ActingFor(Repo.App)))
        {
            Closed =
            [
                (Who.Workflow(Role.Read), Linked.ActingFor(Repo.App)),
                (Who.Workflow(), World.Private().LinkedTo(Repo.App).ActingFor(Repo.App)),
            ],
        },
        new(
            Workflow, Push, "R on the Actions list with write",
            (Who.Workflow(), World.Private().ActingFor(Repo.App).OnActionsList(Role.Write)))
        {
            Closed =
            [
                (Who.Workflow(), World.Private().ActingFor(Repo.App).OnActionsList(Role.Read)),
                (Who.Workflow(Role.Read), World.Private().ActingFor(Repo.App).OnActionsList(Role.Write)),
            ],
        },
        new(
            Workflow, Push, "a new package: in the namespace of R's owner, unless its settings stop workflows",
            (Who.Workflow(), World.Missing().ActingFor(Repo.App)))
        {
            Closed =
            [
                (Who.Workflow(), World.Missing().ActingFor(Repo.Elsewhere)), (Who.Workflow(Role.Read), World.Missing().ActingFor(Repo.App)),
                (Who.Workflow(), World.Missing().Settings(o => o with { WorkflowsCanCreatePackages = false }).ActingFor(Repo.App)),
            ],
        },
        new(
            Workflow, Delete, "R on the Actions list with admin, by a token that CI exchanged",
            (Who.ExchangedWorkflow(), World.Private().ActingFor(Repo.App).OnActionsList(Role.Admin)))
        {
            Closed =
            [
                (Who.Workflow(), World.Private().ActingFor(Repo.App).OnActionsList(Role.Admin)),
                (Who.ExchangedWorkflow(), World.Private().ActingFor(Repo.App).OnActionsList(Role.Write)),
                (Who.ExchangedWorkflow(), Linked.ActingFor(Repo.App)),
            ],
        },
        new(Codespace, Pull, "public", (Who.Codespace(), OfR(World.Public())))
        {
            Closed = [(Who.Codespace(), World.Public().ActingFor(Repo.App).CreatorHas(null)), (Who.Codespace(), OfR(World.Private()))],
        },
        new(Codespace, Pull, "linked to R and inheriting, R no more open than the package", (Who.Codespace(), OfR(Linked)))
        {
            Closed =
            [
                (Who.Codespace(), World.Private().LinkedTo(Repo.PublicApp).Inheriting().ActingFor(Repo.PublicApp).CreatorHas("admin")),
                (Who.Codespace(), OfR(World.Private().LinkedTo(Repo.App))), (Who.Codespace(), Linked.ActingFor(Repo.App).CreatorHas(null)),
            ],
        },
        new(Codespace, Pull, "R on the Codespaces list", (Who.Codespace(), OfR(World.Private()).OnCodespacesList()))
        {
            Closed =
            [
                (Who.Codespace(), World.Private().ActingFor(Repo.PublicApp).CreatorReadsByVisibility().OnCodespacesList()),
                (Who.Codespace(), OfR(World.Private()).OnActionsList(Role.Admin)),
            ],
        },
        new(Codespace, Pull, "internal, same organization, R not public", (Who.Codespace(), OfR(World.Internal())))
        {
            Closed =
            [
                (Who.Codespace(), World.Internal().ActingFor(Repo.PublicApp).CreatorHas("read")),
                (Who.Codespace(), World.Internal().ActingFor(Repo.Elsewhere).CreatorHas("read")),
            ],
        },
        new(Codespace, Pull, "linked to L and inheriting, L no more open than the package, L asked for and allowed", (Who.Codespace(), OfL))
        {
            Closed =
            [
                (Who.Codespace(), OfL.AskedFor(permitted: false)),
                (Who.Codespace(), OfR(World.Private().LinkedTo(Repo.Other).Inheriting()).WithRoleOnLinked("read")),
                (Who.Codespace(), OfL.LinkedTo(Repo.PublicOther)), (Who.Codespace(), OfL.LinkedTo(Repo.Elsewhere)),
            ],
        },
        new(Codespace, Push, "never", null)
        {
            Closed = [(Who.Codespace(), OfR(Generous)), (Who.Codespace(), OfR(World.Missing().ByItsOwner()))],
        },
        new(Codespace, Delete, "never", null) { Closed = [(Who.Codespace(), OfR(Generous))] },
    ];

    private static readonly (string Row, World World)[] Roles =
    [
        ("the owning user; owners of the owning organization", World.Private().ByItsOwner()),
        ("who was granted a role, or is in a team that was", World.Private().Granted("write", "team core")),
        ("who has a **named** role on the linked repository", World.Private().LinkedTo(Repo.App).Inheriting().WithRoleOnLinked("maintain")),
        ("members of the owning organization", World.Internal().ByAMember()),
        ("everyone", World.Public()),
    ];

    [Fact]
    public void Every_way_on_the_page_is_one_and_no_other_is_left_out()
    {
        var page = Rows("| principal |").SelectMany(
            row => row[1..].SelectMany((cell, column) => WaysOf(cell).Select(words => (row[0], (PackageAction)column, words))));
        Assert.Equal(Ways.Select(way => (way.Who, way.Action, way.Words)), page);
        foreach (var way in Ways)
        {
            Assert.True(way.Open is not { } open || Allowed(open, way.Action), $"{way.Who}: {way.Action}: {way.Words}");
            Assert.All(way.Closed, closed => Assert.False(Allowed(closed, way.Action), $"{way.Who}: {way.Action}: not {way.Words}"));
        }

        bool Allowed((Principal Principal, World World) at, PackageAction action) =>
            AccessRules.Decide(at.Principal, action, at.World.Facts).Allowed;

        // The words before the ways hold for every way in the cell.
        static string[] WaysOf(string cell) =>
            cell.Replace("with `packages: write`: ", "", StringComparison.Ordinal)
                .Replace("while U can read R: ", "", StringComparison.Ordinal)
                .Split(" · ");
    }

    [Fact]
    public void Every_row_of_roles_gives_the_role_that_it_names()
    {
        var rows = Rows("| who | role |").ToList();
        Assert.Equal(Roles.Select(role => role.Row), rows.Select(row => row[0]));
        foreach (var ((_, world), row) in Roles.Zip(rows))
        {
            var role = AccessRules.UserRole(world.Facts, new RuleChain());
            Assert.True(row[1] == "that role" ? role == Role.Write : row[1].Contains(role.Name(), StringComparison.Ordinal), row[1]);
        }
    }

    /// <summary>The cells of the table that begins in this way, without its head.</summary>
    private static IEnumerable<string[]> Rows(string head) =>
        File.ReadLines(Path.Combine(SourceMap.Repository, "docs", "permissions.md"))
            .SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|', ' ').Split(" | "));
}
