using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Plans;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>What the reference implementation reads in its own way is read here in the same way.</summary>
public sealed class ReferenceReadingTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-reading-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Theory]
    [InlineData("""{"dockerfile":"../docker/Dockerfile"}""", "docker")]
    [InlineData("""{"dockerfile":"../Dockerfile"}""", "")]
    [InlineData("""{"dockerfile":"Dockerfile"}""", ".devcontainer")]
    [InlineData("""{"dockerfile":"../docker/Dockerfile","context":"."}""", ".devcontainer")]
    [InlineData("""{"dockerfile":"../docker/Dockerfile","context":"${localWorkspaceFolder}"}""", "")]
    public void The_context_of_a_build_is_the_Dockerfiles_own_folder(string build, string context)
    {
        foreach (var folder in new[] { "docker/", ".devcontainer/", "" })
        {
            Write(folder + "Dockerfile", "FROM r.test/a");
        }

        Write(".devcontainer/devcontainer.json", $$"""{"build":{{build}} }""");
        Assert.Equal(context, Plan().Build!.Build.Context);
    }

    [Fact]
    public void Folders_of_the_workspace_are_known_everywhere()
    {
        Write("Dockerfile", "FROM r.test/a");
        Write(
            ".devcontainer.json",
            """
            {
              "build": {"dockerfile": "Dockerfile", "args": {"A": "${localWorkspaceFolder}:${containerWorkspaceFolder}"}},
              "workspaceFolder": "/workspaces/app/sub dir",
              "containerEnv": {"B": "${localWorkspaceFolderBasename} ${containerWorkspaceFolderBasename} ${containerEnv:C} ${devcontainerId}"},
              "postCreateCommand": ["${containerWorkspaceFolder}/x", "${localWorkspaceFolder}/y"],
              "features": {"r.test/f/a": {"path": "${containerWorkspaceFolder}"}}
            }
            """);
        var plan = Plan();
        Assert.Equal("/workspaces/app:/workspaces/app/sub dir", plan.Build!.Build.Arguments["A"]);
        Assert.Equal("/workspaces/app/sub dir", (string?)plan.Configuration.Features[0].Options["path"]);
        var passed = Passed(plan);
        Assert.Equal("app sub dir ${containerEnv:C} ${devcontainerId}", (string?)passed["containerEnv"]!["B"]);
        Assert.Equal("""["/workspaces/app/sub dir/x","/workspaces/app/y"]""", passed["postCreateCommand"]!.ToJsonString());
    }

    [Theory]
    [InlineData("/workspaces/app", "${localWorkspaceFolder}")]
    [InlineData("/src/app", "/src/${localWorkspaceFolderBasename}")]
    public void The_place_of_the_workspace_may_be_written_with_them(string folder, string written)
    {
        Write(
            ".devcontainer.json",
            $$"""{"image":"r.test/a","workspaceMount":"source=${localWorkspaceFolder},target={{written}},type=bind","workspaceFolder":"{{written}}"}""");
        var configuration = Plan().Configuration;
        Assert.Equal((folder, folder), (configuration.MountTarget, configuration.WorkspaceFolder));
    }

    [Fact]
    public void Where_a_service_mounts_the_repository_is_where_it_is()
    {
        Write("compose.yml", "services: {app: {image: r.test/a, volumes: ['.:/src']}}");
        Write(
            ".devcontainer.json",
            """{"dockerComposeFile":"compose.yml","service":"app","remoteEnv":{"A":"${containerWorkspaceFolder} ${localWorkspaceFolder}"}}""");
        Assert.Equal("/src /src", (string?)Passed(Plan())["remoteEnv"]!["A"]);
    }

    [Theory]
    [InlineData("./backend:/app", "/app", "/workspaces/app")]
    [InlineData("./backend:/app/src", "/app", "/app")]
    [InlineData("./backend:/srv", "/srv/api", "/workspaces/app")]
    public void Where_a_service_mounts_a_part_of_the_repository_people_work_in_it(string mount, string folder, string workspace)
    {
        Write("backend/api/main.py", "");
        Write("compose.yml", $"services: {{app: {{image: r.test/a, volumes: ['{mount}']}}}}");
        Write(".devcontainer.json", $$"""{"dockerComposeFile":"compose.yml","service":"app","workspaceFolder":"{{folder}}"}""");
        var configuration = Plan().Configuration;
        Assert.Equal((workspace, folder), (configuration.MountTarget, configuration.WorkspaceFolder));
    }

    [Fact]
    public void Numbers_and_truths_are_texts_where_texts_are_meant()
    {
        Write("Dockerfile", "FROM r.test/a");
        Write(
            ".devcontainer.json",
            """
            {
              "build": {"dockerfile": "Dockerfile", "args": {"A": 20, "B": true, "C": 1.5}},
              "containerEnv": {"D": 1, "E": false}, "remoteEnv": {"F": 2, "G": null},
              "hostRequirements": {"cpus": "4", "memory": 1073741824}
            }
            """);
        var plan = Plan();
        Assert.Equal(("20", "true", "1.5"), (
            plan.Build!.Build.Arguments["A"], plan.Build.Build.Arguments["B"], plan.Build.Build.Arguments["C"]));
        Assert.Equal("""{"D":"1","E":"false"}""", Passed(plan)["containerEnv"]!.ToJsonString());
        Assert.Equal("""{"F":"2","G":null}""", Passed(plan)["remoteEnv"]!.ToJsonString());
        Assert.Equal(new HostRequirements(4, 1L << 30, null, false), plan.Configuration.Requirements);
    }

    [Fact]
    public void Of_a_key_that_is_given_twice_the_last_counts_and_a_line_says_so()
    {
        Write(
            ".devcontainer.json",
            "{\n\"image\": \"r.test/a\",\n\"remoteEnv\": {\"A\": \"1\",\n\"A\": \"2\"},\n\"im\\u0061ge\": \"r.test/b\"\n}");
        var plan = Plan();
        Assert.Equal(("r.test/b", 5), (plan.Images[0].Reference.ToString(), plan.Images[0].Line));
        Assert.Equal("2", (string?)Passed(plan)["remoteEnv"]!["A"]);
        Assert.Equal(
            [".devcontainer.json line 4: A is given twice, and the last one counts",
                ".devcontainer.json line 5: image is given twice, and the last one counts"],
            plan.Remarks);
    }

    [Theory]
    [InlineData("ghcr.io/acme/f/go:", "ghcr.io/acme/f/go", "{}")]
    [InlineData("node", "ghcr.io/devcontainers/features/node:1", "{}")]
    [InlineData("golang", "ghcr.io/devcontainers/features/go:1", "{}")]
    [InlineData("maven", "ghcr.io/devcontainers/features/java:1", """{"installMaven":true}""")]
    public void Features_have_old_names(string id, string name, string options)
    {
        Write(".devcontainer.json", $$"""{"image":"r.test/a",{{"\n"}}"features":{"{{id}}":{} } }""");
        var plan = Plan();
        var request = Assert.Single(plan.Configuration.Features);
        Assert.Equal((name, options), (request.Id, request.Options.ToJsonString()));
        Assert.Equal((name, 2), (Assert.Single(plan.Features).Name.Text, plan.Features[0].Line));
        Assert.Contains(plan.Remarks, remark => remark.Contains($"the feature {id} is read as {name}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("homebrew")]
    [InlineData("fish:")]
    public void An_old_name_without_a_successor_is_left_out(string id)
    {
        Write(".devcontainer.json", $$"""{"image":"r.test/a","features":{"{{id}}":"latest", "node": {} } }""");
        var plan = Plan();
        Assert.Equal("ghcr.io/devcontainers/features/node:1", Assert.Single(plan.Configuration.Features).Id);
        Assert.Contains(plan.Remarks, remark => remark.Contains($"the feature {id} is left out", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"type=volume,source=cache,target=/cache\"", "Volume cache /cache")]
    [InlineData(
        "\"source=app-node_modules,target=${containerWorkspaceFolder}/node_modules,type=volume\"",
        "Volume app-node_modules /workspaces/app/node_modules")]
    [InlineData("\"src=history-${devcontainerId},dst=/history,type=volume,readonly\"", "Volume named- /history ro")]
    [InlineData("\"target=/data\"", "Volume anonymous- /data")]
    [InlineData("{\"type\":\"tmpfs\",\"target\":\"/t\"}", "Memory  /t")]
    [InlineData("\"type=tmpfs,destination=/t,tmpfs-size=64m\"", "Memory  /t size=67108864")]
    [InlineData("\"source=${localWorkspaceFolder}/there,target=/d,type=bind,consistency=cached\"", "Part there /d")]
    [InlineData("\"source=${localWorkspaceFolder}/there/x,target=/d/x,type=bind\"", "Part there/x /d/x")]
    [InlineData("\"source=${localWorkspaceFolder},target=/again,type=bind\"", "Workspace  /again")]
    [InlineData("\"source=${localWorkspaceFolder}/gone,target=/d,type=bind\"", "Volume missing- /d")]
    [InlineData(
        "\"source=${localEnv:HOME}/.ssh,target=/root/.ssh,type=bind\"", "mounts: '/.ssh' (at /root/.ssh) is left out: it lies outside")]
    [InlineData("\"source=${localWorkspaceFolder}/../other,target=/o,type=bind\"", "is left out: mounts: '../other' lies outside")]
    [InlineData("\"source=${localWorkspaceFolder}/link,target=/o,type=bind\"", "is a symbolic link")]
    [InlineData("\"source=x,target=/proc/x,type=volume\"", "is no place in a container")]
    [InlineData("\"source=x,target=/run/berth,type=volume\"", "is no place in a container")]
    [InlineData("\"type=volume\"", "it names no target")]
    [InlineData("7", "it names no target")]
    [InlineData("{\"type\":\"npipe\",\"source\":\"a\",\"target\":\"/b\"}", "there are no mounts of the type 'npipe'")]
    public void Mounts_are_volumes_memory_and_what_the_repository_has(string mount, string expected)
    {
        Write("there/x", "x");
        File.CreateSymbolicLink(Path.Combine(_checkout, "link"), "/etc");
        Write(".devcontainer.json", $$"""{"image":"r.test/a","mounts":[{{mount}}]}""");
        var plan = Plan();
        Assert.Empty(plan.Refusals.All);
        var read = plan.Configuration.Mounts.Select(found =>
            $"{found.Kind} {Unhashed(found.Source)} {found.Target}{(found.ReadOnly ? " ro" : "")} "
                + found.MemoryOptions);
        Assert.Contains(expected, string.Join(';', read.Concat(plan.Remarks)).Trim(), StringComparison.Ordinal);
        Assert.Equal(
            1, plan.Configuration.Mounts.Count + plan.Remarks.Count(remark => remark.Contains(" left out", StringComparison.Ordinal)));
    }

    [Fact]
    public void Arguments_of_docker_run_that_stay_within_the_codespace_are_honoured()
    {
        Write("dev.env", "# of a developer\nFROM_FILE=1\n");
        Write(
            ".devcontainer.json",
            """
            {
              "image": "r.test/a", "containerEnv": {"A": "0", "B": "0"},
              "runArgs": [
                "--init", "-e", "A=1", "--env=C=a b", "-eD=", "--env-file", "${localWorkspaceFolder}/dev.env", "--name", "my-app",
                "--hostname=box", "-u", "1001", "--shm-size=1gb", "--ulimit", "nofile=1024:2048", "--ulimit=core=-1", "--tmpfs", "/t:size=1m,exec",
                "--add-host=api.test:127.0.0.1", "--label", "project=x", "-m", "2g", "--cpus=0.5", "--cap-add=SYS_PTRACE", "--cap-add", "CAP_CHOWN",
                "--cap-drop=NET_RAW", "--rm", "-it", "--read-only", "-w", "/srv", "-v", "data:/data", "--mount", "type=tmpfs,target=/m",
                "--network=bridge", "--ipc=private", "--privileged=false"
              ]
            }
            """);
        var plan = Plan();
        Assert.Empty(plan.Remarks);
        var (arguments, passed) = (plan.Configuration.Arguments, Passed(plan));
        Assert.Equal("""{"A":"1","B":"0","C":"a b","D":"","FROM_FILE":"1"}""", passed["containerEnv"]!.ToJsonString());
        Assert.Equal(("1001", true), ((string?)passed["containerUser"], (bool)passed["init"]!));
        Assert.Equal("""["SYS_PTRACE","CAP_CHOWN"]""", passed["capAdd"]!.ToJsonString());
        Assert.Equal((1L << 30, 2L << 30, 0.5, true), (arguments.SharedMemory, arguments.Memory, arguments.Cpus, arguments.ReadOnly));
        Assert.Equal(("box", "/srv"), (arguments.HostName, arguments.WorkingFolder));
        Assert.Equal(
            ["nofile 1024 2048", "core -1 -1"], arguments.ResourceLimits.Select(limit => $"{limit.Name} {limit.Soft} {limit.Hard}"));
        Assert.Equal(
            ["api.test", "my-app", "NET_RAW"], [.. arguments.LoopbackNames, .. arguments.Aliases, .. arguments.DroppedCapabilities]);
        Assert.Equal("x", Assert.Single(arguments.Labels).Value);
        Assert.Equal(
            ["Memory /t size=1048576,exec", "Volume /data ", "Memory /m "],
            plan.Configuration.Mounts.Select(mount => $"{mount.Kind} {mount.Target} {mount.MemoryOptions}"));
    }

    [Theory]
    [InlineData("\"--privileged\"", "runArgs: --privileged is left out: privileged mode")]
    [InlineData("\"--cap-add=SYS_ADMIN\"", "runArgs: --cap-add=SYS_ADMIN is left out")]
    [InlineData("\"--gpus\", \"all\"", "runArgs: --gpus=all is left out: a codespace has no GPUs")]
    [InlineData("\"--network=host\"", "runArgs: --network=host is left out")]
    [InlineData("\"-p\", \"8080:80\"", "runArgs: --publish=8080:80 is left out: ports of the host are not published; use forwardPorts")]
    [InlineData("\"-e\", \"TOKEN\"", "runArgs: --env=TOKEN is left out: it is written NAME=VALUE")]
    [InlineData("\"--env-file\", \"gone.env\"", "the repository has no gone.env")]
    [InlineData("\"--userns=keep-id\"", "runArgs: --userns=keep-id is left out")]
    [InlineData("\"--add-host=host.docker.internal:host-gateway\"", "is left out: only 127.0.0.1")]
    [InlineData("\"nonsense\"", "runArgs: nonsense is left out: it is no argument")]
    [InlineData("\"--from-the-future\", \"x\"", "runArgs: --from-the-future=x is left out: codespaces do not know it")]
    [InlineData("\"-v\", \"/etc:/host\"", "runArgs: --volume: '/etc' (at /host) is left out: it lies outside the repository")]
    [InlineData("\"--workdir=/proc/self/fd/8\"", "runArgs: --workdir=/proc/self/fd/8 is left out")]
    public void Arguments_that_do_not_are_each_named_with_what_works_instead(string arguments, string line)
    {
        Write(".devcontainer.json", $$"""{"image":"r.test/a","runArgs":[{{arguments}}, "--init"]}""");
        var plan = Plan();
        Assert.Contains(line, Assert.Single(plan.Remarks), StringComparison.Ordinal);
        Assert.True((bool)Passed(plan)["init"]!);
    }

    [Theory]
    [InlineData("--network=host", "--network=host is left out: builds reach what the codespace reaches")]
    [InlineData("--secret\",\"id=x,src=/etc/shadow", "--secret is left out: builds get no secrets")]
    [InlineData("--ssh=default", "--ssh is left out: builds get no secrets")]
    [InlineData("--security-opt=seccomp=unconfined", "--security-opt is left out")]
    [InlineData("--add-host=x:127.0.0.1", "--add-host is left out")]
    [InlineData("--platform\",\"linux/arm64", "--platform is left out: an image is built for the engine's own machine")]
    [InlineData("--cache-from\",\"x", "share a cache only with earlier builds of the same repository")]
    public void Options_of_a_build_that_do_not_count_are_left_out(string option, string line)
    {
        Write("Dockerfile", "FROM r.test/a");
        Write(".devcontainer.json", $$"""{"build":{"dockerfile":"Dockerfile","options":["{{option}}","--no-cache"]} }""");
        var plan = Plan();
        Assert.Contains(line, Assert.Single(plan.Remarks), StringComparison.Ordinal);
        Assert.Equal((true, null), (plan.Build!.Build.NoCache, plan.Build.Build.Network));
    }

    [Fact]
    public void A_build_has_folders_and_images_by_name()
    {
        Write("Dockerfile", "FROM Base:latest\nCOPY --from=conf . /conf\n");
        Write("etc/conf/a", "a");
        Write(
            ".devcontainer.json",
            """
            {"build":{"dockerfile":"Dockerfile","options":[
                "--build-context","conf=${localWorkspaceFolder}/etc/conf","--build-context=base=docker-image://r.test/a:1"]}}
            """);
        var plan = Plan();
        Assert.Equal(["r.test/a:1"], plan.Images.Select(use => use.Reference.ToString()));
        Assert.Equal(["etc/conf"], plan.Build!.Dockerfile.Selections.Select(selection => selection.Context));
        Assert.Empty(plan.Remarks);
    }

    [Theory]
    [InlineData("RUN --network=host true")]
    [InlineData("RUN --network=none true")]
    [InlineData("RUN --security=insecure true")]
    [InlineData("FROM scratch AS y\nONBUILD RUN --network=host true\nFROM y")]
    public void A_step_of_a_build_has_the_codespaces_network_and_no_further_right(string lines)
    {
        Write("Dockerfile", "FROM r.test/a\n" + lines);
        Write(".devcontainer.json", """{"build":{"dockerfile":"Dockerfile"}}""");
        var plan = Plan();
        Assert.Contains(plan.Remarks, remark => remark.Contains("is left out: every RUN has", StringComparison.Ordinal));
        var written = plan.Build!.Dockerfile.Write(
            plan.Build.Pinned.Keys.ToDictionary(text => text, _ => new SentBase("r.test/a@sha256:0", [])), "l=\"1\"", Budgets.New()).Text;
        Assert.DoesNotContain("--", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"cpus\":\"many\"", "hostRequirements.cpus is ignored: it is not a number")]
    [InlineData("\"memory\":\"much\"", "hostRequirements.memory is ignored: it is not a size")]
    public void Requirements_that_say_nothing_are_ignored(string requirement, string line)
    {
        Write(".devcontainer.json", $$"""{"image":"r.test/a","hostRequirements":{{{requirement}},"storage":"8 GB"} }""");
        var plan = Plan();
        Assert.Contains(line, Assert.Single(plan.Remarks), StringComparison.Ordinal);
        Assert.Equal(8L << 30, plan.Configuration.Requirements!.StorageBytes);
    }

    /// <summary>A variable that no environment has is empty, and an empty name counts as none.</summary>
    [Fact]
    public void Empty_names_are_none()
    {
        Write(
            ".devcontainer.json",
            """{"image":"r.test/a","remoteUser":"${localEnv:USER}","containerUser":"","workspaceFolder":""}""");
        var configuration = Plan().Configuration;
        Assert.Equal((null, null), (configuration.RemoteUser, configuration.ContainerUser));
        Assert.Equal("/workspaces/app", configuration.WorkspaceFolder);
    }

    /// <summary>Some images have their own folder to work in.</summary>
    [Fact]
    public void An_empty_mount_of_the_workspace_leaves_the_images_folder_as_it_is()
    {
        Write(".devcontainer.json", """{"image":"r.test/a","workspaceMount":"","workspaceFolder":"/srv/site"}""");
        var plan = Plan();
        Assert.Equal(("/workspaces/app", "/srv/site"), (plan.Configuration.MountTarget, plan.Configuration.WorkspaceFolder));
        Assert.Contains("workspaceMount is empty", Assert.Single(plan.Remarks), StringComparison.Ordinal);
    }

    private static string Unhashed(string volume) =>
        volume.Split('-') is [("named" or "missing" or "anonymous") and var what, _] ? what + "-" : volume;

    private DevcontainerPlan Plan() => Budgets.Plan(_checkout, "app");

    private static JsonObject Passed(DevcontainerPlan plan) => plan.Configuration.Entry;

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_checkout, path))!);
        File.WriteAllText(Path.Combine(_checkout, path), text);
    }
}
