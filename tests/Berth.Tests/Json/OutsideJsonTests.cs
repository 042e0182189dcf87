using System.Text;
using System.Text.Json;
using Berth.Server.Json;

namespace Berth.Tests.Json;

public sealed class OutsideJsonTests
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    [Theory]
    [InlineData("""{"a":"\ud83d\ude00 \u00e9"}""")]
    [InlineData("""{"a\n":["b\\ud800"]}""")]
    public void Text_is_read(string json)
    {
        using var document = OutsideJson.Parse(json, Strict);
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        Assert.NotNull(OutsideJson.ParseNode(json, Strict)!.ToJsonString());
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"a":"\udc00\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"\ud800":1,"\udc00":2}""")]
    [InlineData("""[["\uD83Dx"]]""")]
    public void Half_of_a_surrogate_pair_is_no_text(string json)
    {
        Assert.Equal(OutsideJsonFault.NotText, Assert.Throws<OutsideJsonException>(() => OutsideJson.Parse(json, Strict)).Fault);
        Assert.Equal(OutsideJsonFault.NotText, Assert.Throws<OutsideJsonException>(() => OutsideJson.ParseNode(json, Strict)).Fault);
    }

    [Fact]
    public void A_string_of_the_program_with_half_a_pair_is_no_text() =>
        Assert.Equal(OutsideJsonFault.NotText, Assert.Throws<OutsideJsonException>(() => OutsideJson.Parse("\"\ud800\"", Strict)).Fault);

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_called_so() =>
        Assert.Equal(OutsideJsonFault.NotUtf8,
            Assert.Throws<OutsideJsonException>(() => OutsideJson.Parse(new byte[] { (byte)'"', 0xff, (byte)'"' }, Strict)).Fault);

    [Theory]
    [InlineData("{\n \"a\": x}", 2, 7)]
    [InlineData("[[[[[[[[[1]]]]]]]]]", 1, 9)]
    public void Broken_JSON_is_told_with_its_place_counted_from_one(string json, long line, long column)
    {
        var exception = Assert.Throws<OutsideJsonException>(() => OutsideJson.Parse(json, Strict));
        Assert.Equal((OutsideJsonFault.NotJson, line, column), (exception.Fault, exception.Line, exception.Column));
        Assert.DoesNotContain("LineNumber", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Comments_may_hold_anything_where_they_are_allowed()
    {
        var bytes = Encoding.UTF8.GetBytes("{\"a\": 1, // \\ud800 and \"quotes\n}");
        using var document = OutsideJson.Parse(bytes,
            new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        Assert.Null(document.RootElement.TextOf("a"));
        Assert.Equal("", string.Concat(document.RootElement.ListOf("b")));
    }
}
