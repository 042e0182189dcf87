using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Engine;

public sealed class EngineHolesTests
{
    [Theory]
    [InlineData("19.03.15", true)]
    [InlineData("20.10.24+dfsg1", true)]
    [InlineData("25.0.16", true)]
    [InlineData("25.0.17", false)]
    [InlineData("25.1.0", false)]
    [InlineData("26.1.5", true)]
    [InlineData("28.5.2", true)]
    [InlineData("29.4.9", true)]
    [InlineData("29.5.0", true)]
    [InlineData("29.5.1", false)]
    [InlineData("29.10.0", false)]
    [InlineData("30.0.0", false)]
    [InlineData("5.4.0", false)]
    [InlineData("dev", false)]
    public void Known_holes_are_told_by_the_engines_version(string version, bool known) =>
        Assert.Equal(known, EngineHoles.Of(version) is { } words && words.Contains("CVE-2026-42306", StringComparison.Ordinal));
}
