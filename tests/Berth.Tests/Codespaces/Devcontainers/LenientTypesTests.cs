using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>Values of another type than their property's are read as the reference reads them.</summary>
public sealed class LenientTypesTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-types-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Theory]
    [InlineData("overrideCommand", "\"false\"", "true", "counts as true")]
    [InlineData("init", "\"true\"", "true", "counts as true")]
    [InlineData("init", "0", "false", "counts as false")]
    [InlineData("postCreateCommand", "[\"echo\", 5, true]", "[\"echo\",\"5\",\"true\"]", null)]
    [InlineData("postCreateCommand", "7", "null", "is left out")]
    [InlineData("postCreateCommand", "false", "null", "is left out")]
    [InlineData("postCreateCommand", "{\"a\":\"echo\",\"b\":null,\"c\":[1]}", "{\"a\":\"echo\",\"c\":[\"1\"]}", null)]
    [InlineData("postCreateCommand", "{\"a\":{\"b\":\"c\"}}", "{}", "(a) is left out")]
    public void They_are_read_with_a_line(string property, string written, string read, string? line)
    {
        var configuration = Configuration($$"""
            {
              "image": "r.test/a",
              "{{property}}": {{written}}
            }
            """);
        Assert.Equal(read, configuration.Entry[property]?.ToJsonString() ?? "null");
        if (line is null)
        {
            Assert.Empty(configuration.Ignored);
        }
        else
        {
            Assert.StartsWith($".devcontainer.json:3: {property} ", Assert.Single(configuration.Ignored), StringComparison.Ordinal);
            Assert.Contains(line, configuration.Ignored[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Numbers_are_texts()
    {
        var configuration = Configuration(
            """{"image": "r.test/a", "remoteUser": 1000, "features": {"r.test/f/node:1": 18}}""");
        Assert.Equal("1000", configuration.RemoteUser);
        Assert.Equal("18", (string?)configuration.Features[0].Options["version"]);
    }

    [Fact]
    public void A_workspace_that_is_mounted_as_written_needs_no_line()
    {
        Assert.Empty(Configuration(
            """{"image": "r.test/a", "workspaceMount": "type=bind, source=${localWorkspaceFolder},target=/w"}""").Ignored);
        Assert.Contains(
            "what is at /w is the codespace's own workspace",
            Assert.Single(Configuration("""{"image": "r.test/a", "workspaceMount": "source=code,target=/w,type=volume"}""").Ignored),
            StringComparison.Ordinal);
    }

    private DevcontainerConfiguration Configuration(string text)
    {
        File.WriteAllText(Path.Combine(_checkout, ".devcontainer.json"), text);
        var file = DevcontainerFile.Read(Budgets.Checkout(_checkout), null);
        var configuration = DevcontainerConfiguration.From(file, "app");
        file.Checkout.Refusals.ThrowIfAny();
        return configuration;
    }
}
