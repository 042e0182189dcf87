using System.Text;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Gate;

namespace Berth.Tests.Codespaces.Gate;

/// <summary>What a service of a compose file has beside what the dev container tools ask for.</summary>
public sealed class GateAdditionsTests
{
    private static readonly GateScope Scope = new("ada-app", "here", "r.test/a@sha256:0", "/srv/app", "/workspaces/app")
    {
        Network = "berth-ada-app",
        Limits = new(2, 9L << 30, 900),
        Containers = new GateContainers(
            BerthLabels.Over((BerthLabels.Role, ContainerRole.Dev)), [], (_, _) => Task.CompletedTask),
    };

    [Fact]
    public void They_are_added_and_what_the_tools_ask_for_wins()
    {
        var additions = new GateAdditions(
            new JsonArray(new JsonObject { ["Type"] = "volume", ["Source"] = "berth-ada-app.data", ["Target"] = "/data" }),
            ["A=service", "B=service"],
            new JsonObject { ["ShmSize"] = 1024 },
            new JsonObject
            {
                ["EndpointsConfig"] = new JsonObject { ["berth-ada-app"] = new JsonObject { ["Aliases"] = new JsonArray("app") } },
            },
            "host");
        var created = Create(additions, """{"Image":"r.test/a@sha256:0","Env":["A=tools"]}""");
        Assert.Equal("""["A=tools","B=service"]""", created["Env"]!.ToJsonString());
        Assert.Equal(
            """[{"Type":"bind","Source":"/srv/app","Target":"/workspaces/app"},{"Type":"volume","Source":"berth-ada-app.data","Target":"/data"}]""",
            created["HostConfig"]!["Mounts"]!.ToJsonString());
        Assert.Equal("""{"EndpointsConfig":{"berth-ada-app":{"Aliases":["app"]}}}""", created["NetworkingConfig"]!.ToJsonString());
        Assert.Equal(
            (1024, "host", "dev"),
            ((int)created["HostConfig"]!["ShmSize"]!, (string?)created["Hostname"], (string?)created["Labels"]!["berth.role"]));
        Assert.Equal("berth-ada-app", (string?)created["HostConfig"]!["NetworkMode"]);
    }

    [Fact]
    public void A_service_with_a_terminal_has_it_in_its_container()
    {
        var created = Create(
            new GateAdditions([], [], [], null, null) { Terminal = true, Input = true }, """{"Image":"r.test/a@sha256:0","Tty":false}""");
        Assert.Equal("true true", $"{created["Tty"]!.ToJsonString()} {created["OpenStdin"]!.ToJsonString()}");
    }

    [Fact]
    public void The_network_of_another_service_takes_the_place_of_the_codespaces()
    {
        var created = Create(
            new GateAdditions([], [], new JsonObject { ["NetworkMode"] = "container:0123" }, [], null),
            """{"Image":"r.test/a@sha256:0"}""");
        Assert.Equal(
            ("container:0123", "{}"), ((string?)created["HostConfig"]!["NetworkMode"], created["NetworkingConfig"]!.ToJsonString()));
    }

    [Theory]
    [InlineData("""{"Image":"r.test/a@sha256:0","HostConfig":{"NetworkMode":"container:4567"}}""")]
    [InlineData("""{"Image":"r.test/a@sha256:0","Labels":{"berth.role":"service"}}""")]
    [InlineData(
        """{"Image":"r.test/a@sha256:0","HostConfig":{"Mounts":[{"Type":"volume","Source":"berth-ada-app.data","Target":"/data"}]}}""")]
    public void The_tools_themselves_may_not_ask_for_such(string body) =>
        Assert.Throws<GateRefusedException>(() => Create(new GateAdditions([], [], [], null, null), body));

    [Fact]
    public void A_machine_is_shared_by_the_container_and_its_services()
    {
        var machine = new MachineLimits(2, 9L << 30, 900);
        Assert.Equal(machine, machine.BesideServices(0));
        Assert.Equal(new MachineLimits(2 - (2 / 3.0), 6L << 30, 600), machine.BesideServices(3) with { Cpus = 2 - (2 / 3.0) });
        Assert.InRange(machine.BesideServices(3).MemoryBytes + (3 * machine.OfService(3).MemoryBytes), (9L << 30) - 8, 9L << 30);
    }

    private static JsonObject Create(GateAdditions additions, string body) =>
        JsonNode.Parse(CreateContainerBody.Rewrite(Encoding.UTF8.GetBytes(body), Scope with { Additions = additions }))!.AsObject();
}
