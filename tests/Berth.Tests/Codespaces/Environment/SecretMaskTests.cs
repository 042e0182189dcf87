using System.Text;
using Berth.Server.Codespaces.Environment;

namespace Berth.Tests.Codespaces.Environment;

public sealed class SecretMaskTests
{
    [Theory]
    [InlineData("hunter22")]
    [InlineData("first-line\nsecond-line")]
    [InlineData("  padded-value \n")]
    [InlineData("a+very/long=value?with&signs")]
    public void Neither_a_value_nor_its_base64_is_left(string secret)
    {
        var mask = new SecretMask();
        mask.Add([secret]);
        foreach (var line in secret.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            Assert.Equal("x ******** y", mask.Apply($"x {line} y"));
        }

        foreach (var user in new[] { "u", "us", "use" })
        {
            var login = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secret.Trim()}"));
            var masked = mask.Apply($"auth {login} end");
            Assert.Contains(SecretMask.Replacement, masked, StringComparison.Ordinal);
            Assert.DoesNotContain(login[8..^4], masked, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_longer_value_is_taken_out_before_a_part_of_it()
    {
        var mask = new SecretMask();
        mask.Add(["pass", "pass-and-more"]);
        Assert.Equal("********", mask.Apply("pass-and-more"));
    }

    [Fact]
    public void A_value_that_every_text_holds_is_left_alone()
    {
        var mask = new SecretMask();
        mask.Add(["s", "", "abc"]);
        Assert.Equal("abc is a set of letters", mask.Apply("abc is a set of letters"));
    }
}
