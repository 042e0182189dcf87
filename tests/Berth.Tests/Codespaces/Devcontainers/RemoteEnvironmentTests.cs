using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Devcontainers;

public sealed class RemoteEnvironmentTests
{
    [Theory]
    [InlineData("""[{"remoteEnv":{"A":"1","B":"2"}},{"remoteUser":"dev"},{"remoteEnv":{"B":"3"}}]""", "A=1|B=3")]
    [InlineData("""{"remoteEnv":{"A":"1"}}""", "A=1")]
    [InlineData("""[{"remoteEnv":{"PATH":"${containerEnv:PATH}:/opt/bin"}}]""", "PATH=/usr/bin:/bin:/opt/bin")]
    [InlineData("""[{"remoteEnv":{"A":"${containerEnv:NONE:x}${localEnv:HOME}${localEnv:PATH:y}"}}]""", "A=xy")]
    [InlineData("""[{"remoteEnv":{"A":null,"B=C":"1","":"2","D":5}}]""", "")]
    [InlineData("""[{"remoteEnv":{"A":"1"}},{"remoteEnv":{"A":null,"HOME":null}}]""", "HOME=")]
    [InlineData("""[{"remoteEnv":"A=1"},7]""", "")]
    [InlineData("not JSON", "")]
    [InlineData("""[{"remoteEnv":{"A":"\ud800"}}]""", "")]
    public void It_is_read_from_the_containers_label(string label, string expected)
    {
        var container = new EngineContainer(
            "id", Running: true, 0, new Dictionary<string, string> { ["devcontainer.metadata"] = label },
            ["HOME=/root", "PATH=/usr/bin:/bin"]);
        Assert.Equal(expected, string.Join('|', RemoteEnvironment.Of(container, Budgets.New())));
    }

    [Fact]
    public void A_container_without_the_label_has_none() =>
        Assert.Empty(
            RemoteEnvironment.Of(new EngineContainer("id", Running: true, 0, new Dictionary<string, string>(), []), Budgets.New()));

    [Trait("Suite", "hostile")]
    [Fact]
    public void Variables_that_grow_too_large_are_refused()
    {
        var container = new EngineContainer(
            "id", Running: true, 0,
            new Dictionary<string, string>
            {
                ["devcontainer.metadata"] =
                    $$$"""{"remoteEnv":{"A":"{{{string.Concat(Enumerable.Repeat("${containerEnv:BIG}", 1000))}}}"}}""",
            },
            ["BIG=" + new string('x', 10_000)]);
        var fault = Assert.ThrowsAny<FaultException>(() => RemoteEnvironment.Of(container, Budgets.New()));
        Assert.Contains("remoteEnv", fault.Message, StringComparison.Ordinal);
    }
}
