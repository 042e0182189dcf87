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

    [Theory]
    [InlineData("p@ss w/rd")]
    [InlineData("a+very/long=value?with&signs")]
    [InlineData("äö-ü€")]
    public void Nothing_is_left_of_a_value_as_programs_write_it(string secret)
    {
        var mask = new SecretMask();
        mask.Add([secret]);
        var bytes = Encoding.UTF8.GetBytes(secret);
        var percent = Uri.EscapeDataString(secret);
        foreach (var form in new[]
        {
            Convert.ToHexString(bytes), Convert.ToHexStringLower(bytes), percent, percent.Replace("%20", "+", StringComparison.Ordinal),
            System.Web.HttpUtility.UrlEncode(secret), string.Concat(bytes.Select(value => $"%{value:X2}")),
            System.Text.Json.JsonSerializer.Serialize(secret)[1..^1],
        })
        {
            Assert.Equal("x ******** y", mask.Apply($"x {form} y"));
        }
    }

    [Theory]
    [InlineData("short")]
    [InlineData(
        "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
            + "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n-----END KEY-----\n")]
    public void Nothing_is_left_of_a_value_in_the_lines_that_tools_make_of_it(string secret)
    {
        var mask = new SecretMask();
        mask.Add([secret]);
        var bytes = Encoding.UTF8.GetBytes(secret);
        foreach (var (form, width) in new[]
        {
            (Convert.ToBase64String(bytes), 76), (Convert.ToBase64String(bytes), 64), (Convert.ToHexStringLower(bytes), 60),
            (Convert.ToBase64String([.. bytes, (byte)'\n']), 76), (Convert.ToBase64String(bytes), int.MaxValue),
        })
        {
            foreach (var line in form.Chunk(Math.Min(width, form.Length)).Select(piece => new string(piece)))
            {
                // A last line of a few characters could be a word of any log, so it may stay.
                if (line.TrimEnd('=').Length >= 6)
                {
                    Assert.Equal("********", mask.Apply(line).TrimEnd('='));
                }
            }
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
