using Berth.Server.Access;
using Berth.Server.Packages.Retention;

namespace Berth.Tests.Packages.Retention;

/// <summary>Patterns of tags, and tags that follow refs.</summary>
public sealed class TagPatternTests
{
    [Theory]
    [InlineData("*", "latest", true)]
    [InlineData("pr-*", "pr-7", true)]
    [InlineData("pr-*", "xpr-7", false)]
    [InlineData("*-rc", "1.0-rc", true)]
    [InlineData("*-rc", "1.0-rc1", false)]
    [InlineData("v*.0", "v1.0.0", true)]
    [InlineData("a*b*c", "axxbxxbc", true)]
    [InlineData("a*b*c", "axxc", false)]
    [InlineData("1.0", "1x0", false)]
    [InlineData("Latest", "latest", false)]
    public void A_star_stands_for_anything_and_all_else_for_itself(string pattern, string tag, bool matches) =>
        Assert.Equal(matches, TagPattern.Matches(pattern, tag));

    [Theory]
    [InlineData("refs/pull/7/merge", "pr-{pr}", "pr-7", true)]
    [InlineData("refs/heads/7", "pr-{pr}", "pr-7", false)]
    [InlineData("refs/heads/feature/x", "{branch}", "feature-x", true)]
    [InlineData("refs/heads/feature/x", "{branch}-*", "feature-x-abc123", true)]
    [InlineData("refs/heads/feature", "{branch}", "feature-x", false)]
    [InlineData("refs/tags/v1", "{tag}", "v1", true)]
    public void A_tag_follows_a_ref_of_the_kind_that_the_pattern_names(string reference, string pattern, string tag, bool follows)
    {
        Assert.True(FollowedRef.TryParse(reference, out var followed));
        Assert.True(FollowedRef.IsPattern(pattern));
        Assert.Equal(follows, followed.IsFollowedBy(tag, pattern));
    }

    [Theory]
    [InlineData("main")]
    [InlineData("refs/heads/")]
    [InlineData(null)]
    public void What_names_no_kind_of_ref_is_none(string? reference) => Assert.False(FollowedRef.TryParse(reference, out _));
}
