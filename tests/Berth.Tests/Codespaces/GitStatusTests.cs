using Berth.Server.Codespaces;

namespace Berth.Tests.Codespaces;

public sealed class GitStatusTests
{
    [Fact]
    public void The_branch_what_is_ahead_and_what_is_not_committed()
    {
        var known = GitStatus.Parse(
            "# branch.oid 1234\n# branch.head main\n# branch.upstream origin/main\n# branch.ab +2 -1\n1 .M N... 100644 100644 100644 a b "
                + "file\n");
        Assert.Equal(new GitStatus.Known("main", 2, 1, true), known);
    }

    [Fact]
    public void A_clean_branch_without_an_upstream() =>
        Assert.Equal(new GitStatus.Known("topic", null, null, false), GitStatus.Parse("# branch.oid 1234\n# branch.head topic\n"));

    [Fact]
    public void No_branch() =>
        Assert.Equal(new GitStatus.Known(null, null, null, false), GitStatus.Parse("# branch.oid 1234\n# branch.head (detached)\n"));

    [Theory]
    [InlineData("")]
    [InlineData("fatal: not a git repository")]
    public void What_is_no_status_says_nothing(string output) => Assert.Null(GitStatus.Parse(output));

    [Theory]
    [InlineData("# branch.head main\n# branch.ab  \n", "main")]
    [InlineData("# branch.head main\n# branch.ab +99999999999999999999 -x\n", "main")]
    [InlineData("# branch.head a\0b\n", null)]
    [InlineData("# branch.head \u001b[31mred\n", null)]
    [InlineData("# branch.head ../../x\n", null)]
    [Trait("Suite", "hostile")]
    public void What_a_program_that_is_called_git_makes_up_stops_nothing(string output, string? branch) =>
        Assert.Equal(new GitStatus.Known(branch, null, null, false), GitStatus.Parse(output));
}
