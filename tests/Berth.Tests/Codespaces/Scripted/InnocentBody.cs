using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>
/// What a codespace may ask the engine for. It is written down here a second time, apart from the code that asks. A container with anything
/// else in it fails the test, whatever the test's repository, image or feature says.
/// </summary>
internal static class InnocentBody
{
    private static readonly string[] Fields =
    [
        "Image", "Env", "Tty", "OpenStdin", "Labels", "HostConfig", "Hostname", "User", "WorkingDir", "StopSignal", "Entrypoint", "Cmd",
        "Healthcheck", "NetworkingConfig",
    ];

    private static readonly string[] HostFields =
    [
        "NetworkMode", "RestartPolicy", "LogConfig", "NanoCpus", "Memory", "MemorySwap", "PidsLimit", "Mounts", "Init", "ReadonlyRootfs",
        "ShmSize", "CapDrop", "Tmpfs", "CapAdd", "Ulimits", "ExtraHosts",
    ];

    private static readonly string[] Limits = ["as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "stack"];

    /// <exception cref="EngineException">The body has anything else. The start fails with this exception.</exception>
    public static void Check(string name, JsonObject body)
    {
        try
        {
            Look(name, body);
        }
        catch (Exception exception) when (exception is Xunit.Sdk.XunitException or InvalidOperationException or NullReferenceException)
        {
            throw new EngineException(400, $"no codespace may ask for {name} with {body.ToJsonString()}: {exception.Message}");
        }
    }

    private static void Look(string name, JsonObject body)
    {
        Assert.Empty(body.Select(field => field.Key).Except(Fields));
        var host = body["HostConfig"]!.AsObject();
        Assert.Empty(host.Select(field => field.Key).Except(HostFields));
        if (name.EndsWith("_users", StringComparison.Ordinal))
        {
            // This container never runs.
            Assert.Equal("none", (string?)host["NetworkMode"]);
            return;
        }

        var codespace = (string)body["Labels"]!["berth.codespace"]!;
        Assert.Equal("berth-" + codespace, name.Split('.', '_')[0]);
        Assert.Equal("no", (string?)host["RestartPolicy"]!["Name"]);
        Assert.Equal("json-file", (string?)host["LogConfig"]!["Type"]);
        Assert.All(["NanoCpus", "Memory", "PidsLimit"], limit => Assert.True(decimal.Parse(host[limit]!.ToJsonString()) > 0));
        Assert.Equal(host["Memory"]!.ToJsonString(), host["MemorySwap"]!.ToJsonString());
        var network = (string)host["NetworkMode"]!;
        Assert.True(network == "none" || network == name.Split('.', '_')[0] || network.StartsWith("container:", StringComparison.Ordinal));
        foreach (var mount in host["Mounts"]!.AsArray().Select(mount => mount!.AsObject()))
        {
            Assert.Empty(mount.Select(field => field.Key).Except(["Type", "Source", "Target", "ReadOnly"]));
            var source = (string)mount["Source"]!;
            if (source.EndsWith("/ssh-server", StringComparison.Ordinal))
            {
                Assert.Equal(
                    ("bind", "/run/berth/ssh-server", true),
                    ((string?)mount["Type"], (string?)mount["Target"], (bool)mount["ReadOnly"]!));
                continue;
            }

            var own = (string?)mount["Type"] == "volume"
                ? source.StartsWith($"berth-{codespace}.", StringComparison.Ordinal)
                : source.Contains($"/codespaces/{codespace}/workspace/", StringComparison.Ordinal);
            Assert.True(own && !source.Contains("..", StringComparison.Ordinal), source);
        }

        Assert.All(host["CapAdd"]?.AsArray() ?? [], capability => Assert.Equal("SYS_PTRACE", (string?)capability));
        Assert.All(host["Ulimits"]?.AsArray() ?? [], limit => Assert.Contains((string)limit!["Name"]!, Limits));
        Assert.All(
            host["ExtraHosts"]?.AsArray() ?? [], entry => Assert.EndsWith(":127.0.0.1", (string)entry!, StringComparison.Ordinal));
        Assert.All(
            host["Tmpfs"]?.AsObject() ?? [],
            memory => Assert.Empty(((string[])["nosuid", "nodev"]).Except(((string)memory.Value!).Split(','))));
        foreach (var (network2, endpoint) in body["NetworkingConfig"]?["EndpointsConfig"]?.AsObject() ?? [])
        {
            Assert.Equal(name.Split('.', '_')[0], network2);
            Assert.Empty(endpoint!.AsObject().Select(field => field.Key).Except(["Aliases"]));
        }
    }
}
