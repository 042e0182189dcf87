using Berth.Server.Codespaces.Dockerfiles;

namespace Berth.Tests.Codespaces.Dockerfiles;

/// <summary>Stages for other processors.</summary>
public sealed class PlatformTests
{
    [Fact]
    public void A_stage_of_another_platform_that_nobody_needs_matters_not()
    {
        var plan = Budgets.Dockerfile("FROM --platform=linux/s390x r.test/a AS other\nFROM r.test/b\n");
        Assert.Equal(["r.test/b"], plan.References.Select(reference => reference.Text));
    }

    [Theory]
    [InlineData("arm64", "r.test/a linux/arm64")]
    [InlineData("linux/arm64/v8", "r.test/a linux/arm64")]
    [InlineData("linux/aarch64", "r.test/a linux/arm64")]
    [InlineData("linux/arm/v6", "r.test/a linux/arm/v6")]
    [InlineData("linux/arm", "r.test/a linux/arm/v7")]
    [InlineData("i386", "r.test/a linux/386")]
    public void A_stage_of_another_platform_gives_its_files(string platform, string key)
    {
        var plan = Budgets.Dockerfile($"FROM --platform={platform} r.test/a AS other\nFROM r.test/a\nCOPY --from=other /x /x\n");
        Assert.Equal([key, "r.test/a"], plan.References.Select(reference => reference.Key));
        Assert.Contains(plan.Remarks, remark => remark.Contains("its files can be copied", StringComparison.Ordinal));
        Dictionary<string, SentBase> pins = new() { [key] = new("r.test/a@1", null), ["r.test/a"] = new("r.test/a@2", null) };
        var text = plan.Write(pins, "l=\"1\"", Budgets.New()).Text;
        Assert.Contains("FROM r.test/a@1 AS", text, StringComparison.Ordinal);
        Assert.Contains("FROM r.test/a@2 AS", text, StringComparison.Ordinal);
    }
}
