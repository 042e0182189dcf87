using Berth.Server.Codespaces;

namespace Berth.Tests.Codespaces;

/// <summary>Output of a tool is never cut without a note.</summary>
public sealed class ToolProcessTests
{
    [Theory]
    [InlineData("abc\ndef", "abc", "def")]
    [InlineData("abcde\rf\r\n", "abcde", "f")]
    [InlineData("abcdef\ng", "abcde" + ToolProcess.Cut, "g")]
    [InlineData("ab\nabcdefghi", "ab", "abcde" + ToolProcess.Cut)]
    public async Task A_line_that_is_too_long_says_that_its_rest_is_left_out(string output, params string[] lines)
    {
        List<string> read = [];
        await ToolProcess.ReadLinesAsync(new StringReader(output), 5, read.Add, TestContext.Current.CancellationToken);
        Assert.Equal(lines, read);
    }
}
