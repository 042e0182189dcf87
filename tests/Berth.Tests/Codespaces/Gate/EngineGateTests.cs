using System.Text.Json.Nodes;

namespace Berth.Tests.Codespaces.Gate;

/// <summary>What the gate lets through, and as what it reaches the engine.</summary>
public sealed class EngineGateTests
{
    // As `docker run` of the dev container CLI sends it, docker 28.2 and 20.10, with the fields that differ.
    private const string Docker28 = """
        {"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,"OpenStdin":false,"StdinOnce":false,
        "Env":["A=b"],"Cmd":["-c","echo Container started","-"],"Image":"IMAGE","Volumes":{},"WorkingDir":"","Entrypoint":["/bin/sh"],"OnBuild":null,
        "Labels":{"berth.codespace":"ada-app","devcontainer.metadata":"[]"},
        "HostConfig":{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"","Config":{}},"NetworkMode":"default","PortBindings":{},
        "RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,"VolumeDriver":"","VolumesFrom":null,"ConsoleSize":[0,0],"CapAdd":null,
        "CapDrop":null,"CgroupnsMode":"","Dns":[],"DnsOptions":[],"DnsSearch":[],"ExtraHosts":null,"GroupAdd":null,"IpcMode":"","Cgroup":"","Links":null,
        "OomScoreAdj":0,"PidMode":"","Privileged":false,"PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,"UTSMode":"","UsernsMode":"",
        "ShmSize":0,"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":[],"Devices":[],
        "DeviceCgroupRules":null,"DeviceRequests":null,"MemorySwap":0,"MemorySwappiness":-1,"OomKillDisable":false,"PidsLimit":0,"Ulimits":[],
        "Mounts":[{"Type":"bind","Source":"WORKSPACE","Target":"/workspaces/app"}],"MaskedPaths":null,"ReadonlyPaths":null,"Init":true},
        "NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":null,"Links":null,"Aliases":null,"MacAddress":"","GwPriority":0}}}}
        """;

    private const string Docker20 = """
        {"Env":["A=b"],"Cmd":["-c","echo Container started","-"],"Image":"IMAGE","Entrypoint":["/bin/sh"],"Labels":{"berth.codespace":"ada-app"},
        "HostConfig":{"NetworkMode":"default","RestartPolicy":{"Name":"no","MaximumRetryCount":0},"BlkioDeviceReadBps":null,"KernelMemory":0,"KernelMemoryTCP":0,
        "MemorySwappiness":-1,"Mounts":[{"Type":"bind","Source":"WORKSPACE","Target":"/workspaces/app"}],"Init":true},"NetworkingConfig":{"EndpointsConfig":{}}}
        """;

    [Fact]
    public async Task Until_it_is_opened_only_a_ping_goes_through_and_everything_else_waits()
    {
        await using var gated = new GatedEngine(open: false);
        Assert.Equal(200, (await gated.SendAsync("HEAD", "/_ping")).Status);
        Assert.False(gated.WasAsked);

        var allowed = gated.SendAsync("GET", "/v1.41/version");
        var refused = gated.SendAsync("GET", "/v1.41/info");
        Assert.Equal(200, (await gated.SendAsync("GET", "/_ping")).Status);
        Assert.False(allowed.IsCompleted || refused.IsCompleted);
        Assert.DoesNotContain(gated.Engine.Calls, call => call.Target.EndsWith("/version", StringComparison.Ordinal));

        gated.Open();
        Assert.Equal(200, (await allowed).Status);
        Assert.Equal(403, (await refused).Status);
        Assert.True(gated.WasAsked);
    }

    [Fact]
    public async Task A_gate_that_never_opens_closes_with_calls_that_wait()
    {
        var gated = new GatedEngine(open: false);
        await using var waiting = await gated.OpenAsync();
        await waiting.WriteAsync("GET /v1.41/version HTTP/1.1\r\nHost: docker\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        while (!gated.WasAsked)
        {
            // Until it has been read: it is not held before.
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }

        await gated.DisposeAsync();
        Assert.Empty(gated.Engine.Calls);
        Assert.Equal(0, await waiting.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(Docker28)]
    [InlineData(Docker20)]
    public async Task A_create_as_the_docker_client_sends_it_reaches_the_engine_rewritten(string body)
    {
        await using var gated = new GatedEngine();
        var answer = await gated.SendAsync("POST", "/v1.41/containers/create", Fill(body));

        Assert.Equal(201, answer.Status);
        var call = Assert.Single(gated.Effects);
        Assert.Equal("/v1.41/containers/create?name=berth-ada-app", call.Target);
        var created = JsonNode.Parse(call.Body)!;
        Assert.Equal(GatedEngine.Image, (string?)created["Image"]);
        Assert.Equal("ada-app", (string?)created["Labels"]!["berth.codespace"]);
        Assert.Equal("here", (string?)created["Labels"]!["berth.host"]);
        Assert.Equal(
            ["Init", "LogConfig", "Memory", "MemorySwap", "Mounts", "NanoCpus", "NetworkMode", "PidsLimit", "RestartPolicy"],
             created["HostConfig"]!.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal));
        Assert.Equal(
            $$"""[{"Type":"bind","Source":"{{GatedEngine.Workspace}}","Target":"/workspaces/app"}]""",
            created["HostConfig"]!["Mounts"]!.ToJsonString());
        Assert.Equal("berth-ada-app", (string?)created["HostConfig"]!["NetworkMode"]);
        Assert.Equal(2_000_000_000, (long)created["HostConfig"]!["NanoCpus"]!);
        Assert.Equal(8L << 30, (long)created["HostConfig"]!["Memory"]!);
        Assert.Equal(8L << 30, (long)created["HostConfig"]!["MemorySwap"]!);
        Assert.Equal(4096, (int)created["HostConfig"]!["PidsLimit"]!);
        Assert.Empty(gated.Refusals);
    }

    [Fact]
    public async Task A_create_without_labels_and_mounts_gets_its_own()
    {
        await using var gated = new GatedEngine();
        Assert.Equal(201, (await gated.SendAsync("POST", "/containers/create", Fill("""{"Image":"IMAGE"}"""))).Status);
        var created = JsonNode.Parse(Assert.Single(gated.Effects).Body)!;
        Assert.Equal("ada-app", (string?)created["Labels"]!["berth.codespace"]);
        Assert.Equal(GatedEngine.Workspace, (string?)created["HostConfig"]!["Mounts"]![0]!["Source"]);
        Assert.Equal("berth-ada-app", (string?)created["HostConfig"]!["NetworkMode"]);
        Assert.Equal(8L << 30, (long)created["HostConfig"]!["Memory"]!);
    }

    [Fact]
    public async Task A_list_shows_the_own_containers_only()
    {
        await using var gated = new GatedEngine();
        await gated.SendAsync("GET", """/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%7B%22a%3Db%22%3Atrue%7D%7D""");
        Assert.Equal(
            $$$"""/v1.41/containers/json?all=1&filters={"id":["{{{ScriptedEngine.Own}}}"],"label":["berth.codespace=ada-app","a=b"]}""",
            Uri.UnescapeDataString(gated.Engine.Calls[^1].Target));
    }

    [Fact]
    public async Task Events_are_those_of_the_own_label_only()
    {
        await using var gated = new GatedEngine();
        await gated.SendAsync("GET", "/v1.41/events?filters=%7B%22event%22%3A%7B%22start%22%3Atrue%7D%7D");
        Assert.Equal(
            """/v1.41/events?filters={"label":["berth.codespace=ada-app","berth.role=dev"],"type":["container"],"event":["start"]}""",
            Uri.UnescapeDataString(gated.Engine.Calls[^1].Target));
    }

    [Theory]
    [InlineData("GET", "json")]
    [InlineData("GET", "logs?stdout=1&stderr=1")]
    [InlineData("POST", "start")]
    [InlineData("POST", "stop?t=5")]
    [InlineData("POST", "wait?condition=next-exit")]
    public async Task The_own_container_is_handled_by_its_full_id(string method, string action)
    {
        await using var gated = new GatedEngine();
        Assert.Equal(200, (await gated.SendAsync(method, "/v1.41/containers/0123456789ab/" + action)).Status);
        Assert.Equal(new EngineCall(method, $"/v1.41/containers/{ScriptedEngine.Own}/{action}", ""), gated.Engine.Calls[^1]);
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("GET", "json")]
    [InlineData("POST", "exec")]
    [InlineData("POST", "start")]
    [InlineData("POST", "stop")]
    [InlineData("GET", "logs?stdout=1")]
    public async Task A_container_that_says_that_it_is_the_codespaces_is_a_strangers(string method, string action)
    {
        await using var gated = new GatedEngine();
        var answer = await gated.SendAsync(
            method, $"/v1.41/containers/{ScriptedEngine.Forged}/{action}", action == "exec" ? """{"Cmd":["id"]}""" : null);
        Assert.Equal(404, answer.Status);
        Assert.Empty(gated.Effects);
    }

    [Fact]
    public async Task What_is_made_is_written_down_before_the_tools_hear_of_it()
    {
        await using var gated = new GatedEngine();
        await gated.SendAsync("POST", "/containers/create", Fill("""{"Image":"IMAGE"}"""));
        Assert.Equal([ScriptedEngine.Own], gated.Made);
    }

    [Fact]
    public async Task The_own_image_can_be_inspected()
    {
        await using var gated = new GatedEngine();
        Assert.Equal(200, (await gated.SendAsync("GET", $"/v1.41/images/{GatedEngine.Image}/json")).Status);
        Assert.Equal($"/v1.41/images/{GatedEngine.Image}/json", Assert.Single(gated.Engine.Calls).Target);
    }

    [Fact]
    public async Task An_exec_of_the_own_container_streams_both_ways_until_both_sides_end()
    {
        await using var gated = new GatedEngine();
        var created = await gated.SendAsync(
            "POST", $"/v1.41/containers/{ScriptedEngine.Own}/exec",
            """{"User":"dev","Privileged":false,"Tty":false,"AttachStdin":true,"AttachStderr":true,"AttachStdout":true,"Detach":false,"DetachKeys":"","Env":null,"WorkingDir":"","Cmd":["/bin/sh"]}""");
        Assert.Equal($$"""{"Id":"{{ScriptedEngine.ExecId}}"}""", created.Body);

        await using var stream = await gated.OpenAsync();
        await stream.WriteAsync(
            System.Text.Encoding.ASCII.GetBytes(
                $$"""POST /v1.41/exec/{{ScriptedEngine.ExecId}}/start HTTP/1.1"""
                    + "\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 29\r\n\r\n"
                + """{"Detach":false,"Tty":false}""" + "\nfirst"),
            TestContext.Current.CancellationToken);
        await stream.WriteAsync(" and second"u8.ToArray(), TestContext.Current.CancellationToken);
        stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);

        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 101", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nfirst and second", answer, StringComparison.Ordinal);
        Assert.Equal("""{"Detach":false,"Tty":false}""", gated.Engine.Calls[^1].Body);
    }

    [Fact]
    public async Task A_chunked_body_is_read_like_any_other()
    {
        await using var gated = new GatedEngine();
        var body = Fill("""{"Image":"IMAGE"}""");
        var answer = await gated.SendAsync(
            $"POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: "
                + $"chunked\r\n\r\n4\r\n{body[..4]}\r\n{body.Length - 4:x}\r\n{body[4..]}\r\n0\r\n\r\n");
        Assert.Equal(201, answer.Status);
    }

    [Fact]
    public async Task The_socket_is_the_servers_alone_and_goes_with_the_gate()
    {
        string folder;
        await using (var gated = new GatedEngine())
        {
            folder = Path.GetDirectoryName(gated.SocketPath)!;
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(gated.SocketPath));
        }

        Assert.False(Directory.Exists(folder));
    }

    internal static string Fill(string body) =>
        body.Replace("IMAGE", GatedEngine.Image, StringComparison.Ordinal)
            .Replace("WORKSPACE", GatedEngine.Workspace, StringComparison.Ordinal);
}
