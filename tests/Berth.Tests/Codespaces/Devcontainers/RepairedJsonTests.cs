using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>Faults after which the reference's parser goes on. The expected values are what it reads.</summary>
public sealed class RepairedJsonTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-json-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Theory]
    [InlineData("""{"a":1 "b":2}""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":[1 2,,3,],}""", """{"a":[1,2,3]}""")]
    [InlineData("""{,"a":1,,"b":2}""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":1}} "b":2""", """{"a":1}""")]
    [InlineData("""{"a":{"b":1,"c":2""", """{"a":{"b":1,"c":2}}""")]
    [InlineData("""{"a":'x', "b":1}""", """{"b":1}""")]
    [InlineData("""{a:1, "b":1}""", """{"b":1}""")]
    [InlineData("""{"a" 1, "b":1}""", """{"b":1}""")]
    [InlineData("""{"a":"x\s\$y","b":"\u0041"}""", """{"a":"xy","b":"A"}""")]
    [InlineData("{\"a\":\"x\ty\"}", """{"a":"x\ty"}""")]
    [InlineData("{\"a\":\"x\n,\"b\":1}", """{"a":"x","b":1}""")]
    [InlineData("{\"a\":1, // said\n/* more */ \"b\":-1.5e3, \"c\":007}", """{"a":1,"b":-1.5e3}""")]
    [InlineData("""{"a":tru, "b":null, "c":[tru, 1]}""", """{"b":null,"c":[1]}""")]
    [InlineData("\uFEFF{\"a\":1 \"b\":2}", """{"a":1,"b":2}""")]
    [InlineData("""{"a":{"b":1]}, "c":2}""", """{"a":{"b":1},"c":2}""")]
    public void It_is_what_can_be_read(string written, string read) =>
        Assert.Equal(read, JsonNode.Parse(RepairedJson.Of(written)!)!.ToJsonString());

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"a\": {} {\"b\":1}")]
    [InlineData("image: x")]
    public void Without_an_object_there_is_nothing(string written) => Assert.Null(RepairedJson.Of(written));

    [Fact]
    public void A_configuration_with_a_fault_is_read_with_a_line_and_its_places_stay()
    {
        File.WriteAllText(
            Path.Combine(_checkout, ".devcontainer.json"),
            "{\n  \"image\": \"r.test/a\"\n\n  \"remoteUser\": \"dev\",\n  \"init\": 0\n}\n");
        var file = DevcontainerFile.Read(Budgets.Checkout(_checkout), null);
        Assert.Equal((4, 5), (file.LineOf("remoteUser"), file.Lines["init"]));
        var configuration = DevcontainerConfiguration.From(file, "app");
        Assert.Equal("dev", configuration.RemoteUser);
        Assert.StartsWith(
            ".devcontainer.json is not valid JSON (line 4, column 3)", configuration.Ignored[0], StringComparison.Ordinal);
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void Depth_has_a_limit()
    {
        Assert.Null(RepairedJson.Of("{\"a\":" + new string('[', 500_000)));
        Assert.Null(RepairedJson.Of(string.Concat(Enumerable.Repeat("{\"a\":", 200_000))));
        File.WriteAllText(Path.Combine(_checkout, ".devcontainer.json"), "{\"a\":" + new string('[', 100_000));
        Assert.Throws<FaultException>(() => DevcontainerFile.Read(Budgets.Checkout(_checkout), null));
    }
}
