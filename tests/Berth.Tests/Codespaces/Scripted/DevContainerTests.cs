using System.Text.Json.Nodes;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>The container that people work in, and what runs in it, on a scripted engine.</summary>
public sealed class DevContainerTests(ScriptedServer shared) : IClassFixture<ScriptedServer>
{
    private const string Script = "echo Container started\ntrap \"exit 0\" 15\n";
    private const string Wait = "exec \"$@\"\nwhile sleep 1 & wait $!; do :; done";

    private ScriptedWorld World => shared.World;

    [Fact]
    public async Task Its_main_process_waits_for_people()
    {
        var body = await BodyAsync("");
        Assert.Equal("""["/bin/sh"]""", body["Entrypoint"]!.ToJsonString());
        Assert.Equal(["-c", Script + Wait, "-"], body["Cmd"]!.AsArray().Select(word => (string)word!));
        Assert.Equal("SIGTERM", (string?)body["StopSignal"]);
    }

    [Fact]
    public async Task It_says_what_image_and_configuration_say_together()
    {
        World.Reset();
        World.Engine.ImageLabels = new Dictionary<string, string>
        {
            [
                "devcontainer.metadata"] = """[{"id":"x","entrypoint":"/start.sh","init":true},{"containerEnv":{"A":"1"},"containerUser":"1001"}]""",
        };
        var body = await BodyAsync(
            "\"containerEnv\":{\"B\":\"2\"},\"overrideCommand\":false,\"workspaceFolder\":\"/work\"", reset: false);
        Assert.Equal(Script + "/start.sh\n" + Wait, (string?)body["Cmd"]![1]);
        Assert.Equal("""["A=1","B=2"]""", body["Env"]!.ToJsonString());
        Assert.Equal(("1001", true), ((string?)body["User"], (bool)body["HostConfig"]!["Init"]!));
        Assert.Equal(
            ["/work", "/run/berth/ssh-server"],
            body["HostConfig"]!["Mounts"]!.AsArray().Select(mount => (string?)mount!["Target"]));
        Assert.Null(body["StopSignal"]);
        Assert.Equal(
            """[{"id":"x","entrypoint":"/start.sh","init":true},{"containerEnv":{"A":"1"},"containerUser":"1001"},{"containerEnv":{"B":"2"},"overrideCommand":false}]""",
            (string?)body["Labels"]!["devcontainer.metadata"]);
    }

    [Fact]
    public async Task The_engine_makes_no_volume_of_its_own_for_what_an_image_asks()
    {
        World.Reset();
        World.Engine.ImageVolumes = ["/data/", "/x/../var/own", "/work", "/mine"];
        var body = await BodyAsync(
            "\"workspaceFolder\":\"/work\",\"mounts\":[\"type=volume,source=v,target=/mine\"]", reset: false);
        var volumes = body["HostConfig"]!["Mounts"]!.AsArray().Where(mount => (string?)mount!["Type"] == "volume").ToList();
        Assert.Equal(["/data", "/mine", "/var/own"], volumes.Select(mount => (string?)mount!["Target"]).Order(StringComparer.Ordinal));
        Assert.Equal(3, volumes.Select(mount => (string?)mount!["Source"]).Distinct().Count());
        Assert.All(volumes, mount => Assert.StartsWith("berth-", (string?)mount!["Source"], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_container_has_the_mounts_of_others_and_the_volumes_of_their_images()
    {
        World.Reset();
        World.Engine.ImageVolumes = ["/of-image"];
        World.Sandbox.Files["compose.yml"] = $$"""
            services:
              app: { image: {{World.Image}}, volumes_from: ["data:ro"], volumes: [".:/workspaces/app"] }
              data: { image: {{World.Image}}, volumes: ["kept:/kept"] }
              web: { image: {{World.Image}}, volumes_from: [app] }
            volumes: { kept: {} }
            """;
        World.Sandbox.Files[".devcontainer.json"] =
            """{ "dockerComposeFile": "compose.yml", "service": "app", "workspaceFolder": "/workspaces/app" }""";
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        var data = MountsOf($"berth-{name}.data");
        Assert.Equal($"berth-{name}.kept", data["/kept"].Source);
        Assert.All(data.Values, mount => Assert.False(mount.ReadOnly));
        foreach (var container in new[] { $"berth-{name}", $"berth-{name}.web" })
        {
            var mounts = MountsOf(container);
            Assert.Equal((data["/kept"].Source, true), mounts["/kept"]);
            Assert.Equal((data["/of-image"].Source, true), mounts["/of-image"]);
            Assert.False(mounts["/workspaces/app"].ReadOnly);
        }

        Dictionary<string, (string? Source, bool ReadOnly)> MountsOf(string container) =>
            World.Engine.Bodies[container]["HostConfig"]!["Mounts"]!.AsArray().ToDictionary(
                mount => (string)mount!["Target"]!, mount => ((string?)mount!["Source"], (bool)mount!["ReadOnly"]!));
    }

    [Fact]
    public async Task A_build_has_folders_and_images_of_other_services_by_name()
    {
        World.Reset();
        World.Sandbox.Files["compose.yml"] = $$"""
            services:
              app: { build: { context: app, additional_contexts: { base: "service:base", conf: ./conf } } }
              web: { build: { dockerfile_inline: "FROM base", additional_contexts: { base: "service:base" } } }
              base: { build: { dockerfile_inline: "FROM plain", additional_contexts: { plain: "service:plain" } }, profiles: [never] }
              plain: { image: {{World.Image}}, profiles: [never] }
            """;
        World.Sandbox.Files["app/Dockerfile"] = "FROM base\nCOPY --from=conf . /conf\n";
        World.Sandbox.Files["conf/.dockerignore"] = "*.md\n";
        World.Sandbox.Files["conf/a.txt"] = World.Sandbox.Files["conf/b.md"] = "x";
        World.Sandbox.Files[".devcontainer.json"] = """{ "dockerComposeFile": "compose.yml", "service": "app" }""";
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        Assert.Equal(["berth-" + name, $"berth-{name}.web"], World.Engine.Bodies.Keys.Where(key => key.Contains(name)).Order());
        var image = (string)World.Engine.Bodies["berth-" + name]["Image"]!;
        var (dockerfile, files) = World.Engine.Built[image];
        Assert.Equal(
            [".berth-copy/0/", ".berth-copy/0/a.txt"], files.Where(file => file.StartsWith(".berth-copy", StringComparison.Ordinal)));
        var below = FromOf(dockerfile);
        Assert.Equal(below, FromOf(World.Engine.Built[(string)World.Engine.Bodies[$"berth-{name}.web"]["Image"]!].Dockerfile));
        Assert.Contains("@sha256:", FromOf(World.Engine.Built[below].Dockerfile), StringComparison.Ordinal);

        // The base is built once for both.
        Assert.Single(
            (await World.LogAsync(name)).Split('\n'),
            line => line.Contains("building compose.yml (services.base", StringComparison.Ordinal));

        static string FromOf(string text) =>
            text.Split('\n').Last(line => line.StartsWith("FROM ", StringComparison.Ordinal)).Split(' ')[1];
    }

    [Fact]
    public async Task A_repository_that_a_Dockerfile_adds_comes_with_the_files_of_its_commit()
    {
        World.Reset();
        World.Sandbox.Files["Dockerfile"] =
            $"FROM {World.Image}\nADD --checksum=1111111 --exclude=*.md http://1.1.1.1/a.git#main:docs /docs\n"
                + "ADD --keep-git-dir http://1.1.1.1/b.git /b\n";
        World.Sandbox.Files[".devcontainer.json"] = """{ "build": { "dockerfile": "Dockerfile" } }""";
        foreach (var path in new[] { ".git/HEAD", "README.md", "docs/a.txt", "docs/b.md", "docs/sub/.git", "docs/sub/c.txt" })
        {
            World.Sandbox.CheckedOut[path] = path;
        }

        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        var (dockerfile, files) = World.Engine.Built[(string)World.Engine.Bodies["berth-" + name]["Image"]!];
        Assert.Contains("\nCOPY [\".berth-add/0/\",\"/docs\"]\nCOPY [\".berth-add/1/\",\"/b\"]\n", dockerfile, StringComparison.Ordinal);
        Assert.Equal(
            [
                ".berth-add/0/", ".berth-add/0/a.txt", ".berth-add/0/sub/", ".berth-add/0/sub/c.txt", ".berth-add/1/", ".berth-add/1/.git/",
                ".berth-add/1/.git/HEAD", ".berth-add/1/README.md", ".berth-add/1/docs/", ".berth-add/1/docs/a.txt",
                ".berth-add/1/docs/b.md", ".berth-add/1/docs/sub/", ".berth-add/1/docs/sub/.git", ".berth-add/1/docs/sub/c.txt",
            ],
            files.Where(file => file.StartsWith(".berth-add", StringComparison.Ordinal)));
        Assert.False(Directory.Exists(World.Folders((await World.RowAsync(name))!).Added + "/dockerfile"));
    }

    [Theory]
    [InlineData("--checksum=2222222 http://1.1.1.1/a.git", "Dockerfile line 2: ADD http://1.1.1.1/a.git: its commit is 1111")]
    [InlineData("http://1.1.1.1/a.git#:gone", "it has no folder gone")]
    [InlineData("http://127.0.0.1/a.git", "is not a globally routable address of another machine")]
    public async Task A_repository_that_cannot_be_added_is_named_with_its_line(string source, string reason)
    {
        World.Reset();
        World.Sandbox.Files["Dockerfile"] = $"FROM {World.Image}\nADD {source} /x\n";
        World.Sandbox.Files[".devcontainer.json"] = """{ "build": { "dockerfile": "Dockerfile" } }""";
        var name = await World.BeginAsync();
        await World.UntilAsync(name, CodespaceState.Failed);
        Assert.Contains(reason, (await World.RowAsync(name))!.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_has_its_own_command_names_and_variables()
    {
        World.Reset();
        World.Sandbox.Files["compose.yml"] = $$"""
            services:
              app:
                image: {{World.Image}}
                command: ["sleep", "infinity"]
                entrypoint: ["/entry"]
                user: "1001"
                working_dir: /srv
                environment: { A: "1", B: "1" }
                volumes: ["data:/data", ".:/workspaces/app"]
                tmpfs: /t
                shm_size: 1gb
                hostname: box
                networks: { default: { aliases: [web] } }
              db:
                image: {{World.Image}}
            volumes: { data: {} }
            """;
        World.Sandbox.Files[".devcontainer.json"] =
            """{ "dockerComposeFile": "compose.yml", "service": "app", "workspaceFolder": "/workspaces/app", "containerEnv": {"B": "2"} }""";
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        var body = World.Engine.Bodies["berth-" + name];
        Assert.Equal(["-c", Script + Wait, "-", "/entry", "sleep", "infinity"], body["Cmd"]!.AsArray().Select(word => (string)word!));
        Assert.Equal("""["A=1","B=2"]""", body["Env"]!.ToJsonString());
        Assert.Equal(("1001", "/srv", "box"), ((string?)body["User"], (string?)body["WorkingDir"], (string?)body["Hostname"]));
        Assert.Equal(
            ["bind /workspaces/app", "volume /data", "bind /run/berth/ssh-server"],
            body["HostConfig"]!["Mounts"]!.AsArray().Select(mount => $"{(string)mount!["Type"]!} {(string)mount["Target"]!}"));
        Assert.Equal(["/t", "/run/berth"], body["HostConfig"]!["Tmpfs"]!.AsObject().Select(mount => mount.Key));
        Assert.Equal(
            ["app", "web"],
            body["NetworkingConfig"]!["EndpointsConfig"]!["berth-" + name]!["Aliases"]!.AsArray().Select(alias => (string)alias!));
        Assert.Equal("1001", (await World.RowAsync(name))!.RemoteUser);
        var service = World.Engine.Bodies[$"berth-{name}.db"];
        Assert.Equal("service", (string?)service["Labels"]!["berth.role"]);
        Assert.Null(service["HostConfig"]!["Tmpfs"]);
        Assert.True((long)service["HostConfig"]!["Memory"]! < (long)body["HostConfig"]!["Memory"]!);
    }

    [Fact]
    public async Task It_mounts_limits_and_names_what_arguments_mounts_features_and_labels_ask_for()
    {
        World.Reset();
        World.Engine.ImageLabels = new Dictionary<string, string>
        {
            ["devcontainer.metadata"] =
                """[{"mounts":["source=hist,target=/hist,type=volume","source=/,target=/host,type=bind"],"capAdd":["SYS_PTRACE","SYS_ADMIN"]}]""",
        };
        World.Sandbox.Files["there"] = "x";
        var body = await BodyAsync(
            """
            "mounts": ["source=cache,target=/cache,type=volume", "source=${localWorkspaceFolder}/there,target=/there,type=bind"],
            "runArgs": ["--shm-size=1g", "--ulimit=nofile=9:9", "--add-host=api:127.0.0.1", "--tmpfs=/t", "--memory=1g", "--name=me", "--label=a=b"]
            """,
            reset: false);
        var host = body["HostConfig"]!;
        Assert.Equal(
            ["bind /workspaces/app", "volume /hist", "volume /cache", "bind /there", "bind /run/berth/ssh-server"],
            host["Mounts"]!.AsArray().Select(mount => $"{(string)mount!["Type"]!} {(string)mount["Target"]!}"));
        Assert.Equal("""["SYS_PTRACE"]""", host["CapAdd"]!.ToJsonString());
        Assert.Equal("""[{"Name":"nofile","Soft":9,"Hard":9}]""", host["Ulimits"]!.ToJsonString());
        Assert.Equal("""["api:127.0.0.1"]""", host["ExtraHosts"]!.ToJsonString());
        Assert.Equal((1L << 30, 1L << 30), ((long)host["ShmSize"]!, (long)host["Memory"]!));
        Assert.Equal("b", (string?)body["Labels"]!["a"]);
        foreach (var name in World.Engine.Bodies.Keys.Where(key => World.Engine.Bodies[key] == body).ToList())
        {
            await World.Ada.DoAsync("DELETE", $"/user/codespaces/{name["berth-".Length..]}");
            await World.UntilAsync(name["berth-".Length..], "gone");
        }

        Assert.Contains(""" "Aliases":["me"] """.Trim(), body["NetworkingConfig"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_run_in_their_order_and_those_of_every_start_again()
    {
        var name = await CreateAsync(
            """
            "postAttachCommand": "attach", "postStartCommand": "start", "postCreateCommand": {"a": "create-a", "b": ["create-b"]},
            "updateContentCommand": "update", "onCreateCommand": "create", "waitFor": "postAttachCommand"
            """);
        Assert.Equal(["create", "update", "create-a", "create-b", "start", "attach"], Ran());
        World.Engine.ForgetCommands();
        await World.StopAsync(name);
        await World.UntilAsync(name, CodespaceState.Shutdown);
        await World.StartAsync(name);
        await World.AvailableAsync(name);
        Assert.Equal(["start", "attach"], Ran());
    }

    [Fact]
    public async Task A_command_that_fails_stops_those_after_it_and_not_the_codespace()
    {
        var name = await CreateAsync(
            "\"onCreateCommand\": {\"good\": \"good\", \"bad\": \"bad\"}, \"postCreateCommand\": \"never\", \"postStartCommand\": "
                + "\"never\"");
        await World.AvailableAsync(name);
        Assert.Equal(["good", "bad"], Ran());
        Assert.Contains(
            "onCreateCommand from devcontainer.json failed with the exit code 7 (its part bad). The codespace is available all the same.",
            await World.LogNowAsync(name), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_and_a_process_get_what_the_users_shell_sets()
    {
        World.Reset();
        World.Sandbox.Files[".devcontainer.json"] = $$"""
            { "image": "{{World.Image}}", "postCreateCommand": "make", "waitFor": "postCreateCommand", "remoteUser": "1001",
              "remoteEnv": { "A": "${containerWorkspaceFolder}" } }
            """;
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        await World.ExecAsync(name);
        var seen = World.Engine.Commands;
        foreach (var command in seen.Where(command => command.Command[^1] is "make" or "true"))
        {
            Assert.Equal("1001", command.User);
            Assert.Contains("HOME=/root", command.Environment);
            Assert.Contains(
                "A=/workspaces/app",
                command.Environment.Select(entry => entry.Replace(World.Repository.Split('/')[1], "app", StringComparison.Ordinal)));
            Assert.Single(command.Environment, entry => entry.StartsWith("BERTH_TOKEN=", StringComparison.Ordinal));
        }

        var probe = Assert.Single(seen, command => command.Command[^1].StartsWith("printf %s ", StringComparison.Ordinal));
        Assert.Equal(("1001", 0), (probe.User, probe.Environment.Count));
    }

    [Fact]
    public async Task A_user_that_the_image_lacks_is_named()
    {
        World.Reset();
        World.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{World.Image}}", "remoteUser": "vscode" }""";
        var name = await World.CreateAsync();
        Assert.StartsWith("the image has no user vscode", await World.FailureAsync(name), StringComparison.Ordinal);
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("[{\"privileged\":true}]", "of the image asks for privileged mode, which a codespace does not get")]
    [InlineData("[{\"capAdd\":[\"SYS_ADMIN\"]}]", "of the image asks for the capabilities SYS_ADMIN, which a codespace")]
    [InlineData("[{\"mounts\":[\"source=/,target=/host,type=bind\"]}]", "of the image asks for the mounts source=/,target=/host,type=bind")]
    public async Task What_a_label_asks_for_and_does_not_get_is_in_the_log(string label, string line)
    {
        World.Reset();
        World.Engine.ImageLabels = new Dictionary<string, string> { ["devcontainer.metadata"] = label };
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        Assert.Contains(line, await World.LogNowAsync(name), StringComparison.Ordinal);
    }

    private async Task<JsonObject> BodyAsync(string fields, bool reset = true)
    {
        if (reset)
        {
            World.Reset();
        }

        World.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{World.Image}}"{{(fields.Length == 0 ? "" : ", " + fields)}} }""";
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        return World.Engine.Bodies["berth-" + name];
    }

    private static bool IsOfTheRepository(EngineCommand command) =>
        command.Folder.StartsWith("/workspaces/", StringComparison.Ordinal) && command.Command[0] != "git";

    private IEnumerable<string> Ran() => World.Engine.Commands.Where(IsOfTheRepository).Select(command => command.Command[^1]);

    /// <summary>Creates a codespace with these fields, in which a command named bad fails.</summary>
    private async Task<string> CreateAsync(string fields)
    {
        World.Reset();
        World.Engine.Processes = command =>
            IsOfTheRepository(command) && command.Command[^1] == "bad"
                ? new ScriptedProcess("no luck", exitCode: 7)
                : ScriptedProcess.Of(command);
        World.Sandbox.Files[".devcontainer.json"] = $$"""{ "image": "{{World.Image}}", {{fields}} }""";
        var name = await World.CreateAsync();
        await World.LogAsync(name);
        await World.AvailableAsync(name);
        return name;
    }
}
