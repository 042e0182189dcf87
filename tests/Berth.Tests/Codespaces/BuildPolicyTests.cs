using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Tests.Codespaces;

/// <summary>What the engine is told about a build. The policy is the one that writes containers.</summary>
public sealed class BuildPolicyTests
{
    private static readonly ContainerPolicy Policy = new(new Codespace { Name = "ada-app" }, new CodespaceFolders("/data", "ada-app"));

    private static readonly BuildPlan Plan = new(
        "berth.invalid/ada-app/dockerfile:1", "Dockerfile", "last", new MachineLimits(2, 8L << 30, 4096),
        new ContainerNetwork.OfCodespace([]),
        "/group");

    [Fact]
    public void Its_commands_have_the_machine_and_the_network_of_the_codespace()
    {
        var build = Policy.Write(Plan);
        Assert.Equal("berth-ada-app", build.Network);
        Assert.Equal((8L << 30, 2.0, "/group"), (build.MemoryBytes, build.Cpus, build.CgroupParent));
    }

    [Fact]
    public void One_that_wants_no_network_has_none() =>
        Assert.Equal("none", Policy.Write(Plan with { Network = new ContainerNetwork.None() }).Network);
}
