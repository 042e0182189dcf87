using Berth.Server.Access;

namespace Berth.Tests.Access;

/// <summary>A principal is a value: what is cached for one is found by its equals, and by nobody else.</summary>
public sealed class PrincipalTests
{
    [Fact]
    public void The_same_token_makes_equal_principals()
    {
        Assert.Equal(Who.User("read:packages repo", "acme/*"), Who.User("repo read:packages", "acme/*"));
        Assert.Equal(Who.User().GetHashCode(), Who.User().GetHashCode());
        Assert.Equal(Codespace(new([12, 13])), Codespace(new([13, 12])));
        Assert.Equal(Codespace(new([12, 13])).GetHashCode(), Codespace(new([13, 12])).GetHashCode());
    }

    [Fact]
    public void Principals_that_differ_in_anything_are_not_equal()
    {
        Assert.NotEqual(Who.User("read:packages"), Who.User("write:packages"));
        Assert.NotEqual(Who.User(patterns: "acme/*"), Who.User(patterns: "acme/app"));
        Assert.NotEqual(Who.User(), Who.User(patterns: ""));
        Assert.NotEqual(Who.Workflow(), Who.ExchangedWorkflow());
        Assert.NotEqual(Codespace(null), Codespace(new([])));
        Assert.NotEqual(Codespace(new([12])), Codespace(new([13])));
        Assert.NotEqual(Codespace(null), Codespace(null) with { RepositoryId = 12 });
        Assert.NotEqual(Codespace(null), Codespace(null) with { UserId = 3 });
    }

    private static CodespacePrincipal Codespace(RepositoryIds? asksFor) =>
        new(null, "new", 11, "acme/app", World.Ada, "ada", TokenId: 0) { AsksFor = asksFor };
}
