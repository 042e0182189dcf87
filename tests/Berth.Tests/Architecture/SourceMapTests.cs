namespace Berth.Tests.Architecture;

/// <summary>The map of the source finds a use in every way in which it can be written.</summary>
public sealed class SourceMapTests
{
    [Theory]
    [InlineData("using Berth.Server.Api;\nnamespace Berth.Server.Access;\ninternal sealed class A;", "Access → Api")]
    [InlineData("using static Berth.Server.Api.ApiUrls;\nnamespace Berth.Server.Access;\ninternal sealed class A;", "Access → Api")]
    [InlineData("using Urls = Berth.Server.Api.ApiUrls;\nnamespace Berth.Server.Access;\ninternal sealed class A;", "Access → Api")]
    [InlineData("namespace Berth.Server.Access;\ninternal sealed class A(Api.ApiUrls urls);", "Access → Api")]
    [InlineData("namespace Berth.Server.Access;\ninternal sealed class A(Berth.Server.Api.ApiUrls urls);", "Access → Api")]
    [InlineData("namespace Berth.Server.Access;\ninternal sealed class A { object B => new Api.Wire.Row(); }", "Access → Api.Wire")]
    [InlineData("namespace Berth.Server.Api.Wire;\ninternal sealed class A(ApiUrls urls);", "Api.Wire → Api")]
    [InlineData("namespace Berth.Server.Api;\ninternal sealed class A(Wire.Row row);", "Api → Api.Wire")]
    [InlineData("namespace Berth.Server.Access;\n// Api.ApiUrls\ninternal sealed class A { string B => \"Api.ApiUrls\"; }", "")]
    [InlineData("namespace Berth.Server.Access;\ninternal sealed class A(B b) { object C => b.Api.ApiUrls; }", "")]
    [InlineData("namespace Berth.Server.Access;\ninternal sealed class Api { static int ApiUrls; int B => Api.ApiUrls; }", "")]
    public void A_use_is_seen_however_it_is_written(string source, string expected)
    {
        var map = SourceMap.Of(
        [
            ("Api/ApiUrls.cs", "namespace Berth.Server.Api;\ninternal sealed class ApiUrls;"),
            ("Api/Wire/Row.cs", "namespace Berth.Server.Api.Wire;\ninternal sealed record Row;"),
            ("A.cs", source),
        ]);
        Assert.Equal(expected, string.Join(' ', map.Uses.Select(use => $"{use.Room} → {use.Used}")));
    }

    [Fact]
    public void Rooms_that_reach_each_other_are_a_cycle()
    {
        var cycles = SourceMap.Cycles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("f", "f"), ("g", "h"), ("h", "g")]);
        Assert.Equal(["a b c", "g h"], cycles.Select(cycle => string.Join(' ', cycle)).Order(StringComparer.Ordinal));
    }
}
