using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Compose;

/// <summary>
/// What is read from compose files, and what is refused. The rules are in https://github.com/compose-spec/compose-spec/blob/main/spec.md.
/// </summary>
public sealed class ComposeTests : IDisposable
{
    private const string Image = "image: r.test/a/b:1\n";
    private readonly string _root = Directory.CreateTempSubdirectory("berth-compose-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("volumes_from: ['container:other']", "mounts of other containers")]
    [InlineData("volumes_from: [nobody]", "volumes_from: there is no service nobody; there are app")]
    [InlineData("volumes_from: ['app:rwx']", "is not written SERVICE[:ro|:rw]")]
    [InlineData("volumes_from: app", "volumes_from is a list")]
    [InlineData("provider: { type: sh }", "run a program on the server")]
    [InlineData("volumes: [{ type: npipe, source: x, target: /e }]", "mounts of the type npipe")]
    [InlineData("volumes: ['data:/proc/x']", "is no place in a container")]
    [InlineData("volumes: ['data:/a/../../x']", "is no place in a container")]
    [InlineData("volumes: ['missing:/x']", "there is no volume missing")]
    [InlineData("volumes: ['data:/run/berth/docker']", "is no place in a container")]
    [InlineData("tmpfs: /sys/x", "is no place in a container")]
    [InlineData("env_file: ../../secret.env", "lies outside the repository")]
    [InlineData("env_file: /etc/environment", "lies outside the repository")]
    [InlineData("env_file: ./link", "is a symbolic link")]
    [InlineData("extends: { file: ../../x.yml, service: a }", "lies outside the repository")]
    [InlineData("extends: { file: /etc/passwd, service: a }", "lies outside the repository")]
    [InlineData("extends: app", "too deeply, or in a circle")]
    [InlineData("secrets: [hostfile]", "lies outside the repository")]
    [InlineData("secrets: [environment]", "neither a file of the repository nor a text")]
    [InlineData("configs: [none]", "is not declared")]
    [InlineData("working_dir: /proc/self/fd/8", "processes do not start in")]
    [InlineData("working_dir: /./proc", "processes do not start in")]
    [InlineData("working_dir: //proc/self", "processes do not start in")]
    [InlineData("working_dir: /x/../proc/self/fd/8", "processes do not start in")]
    [InlineData("working_dir: '/${NONE}./proc'", "processes do not start in")]
    [InlineData("working_dir: '${NONE:-/.}/sys'", "processes do not start in")]
    [InlineData("working_dir: proc", "is an absolute path")]
    [InlineData("tmpfs: /./proc", "is no place in a container")]
    [InlineData("volumes: ['data:/run/./berth']", "is no place in a container")]
    [InlineData("volumes: ['data://dev']", "is no place in a container")]
    [InlineData("volumes: ['data:/x/..']", "is no place in a container")]
    [InlineData("platform: linux/s390x", "this server's engine runs linux/")]
    [InlineData("image: sha256:0123456789ab", "is an image id")]
    [InlineData("image: Postgres", "is not an image reference")]
    [InlineData("build: { context: ../.. }", "lies outside the repository")]
    [InlineData("build: 'https://git.test/x.git'", "is not in the repository")]
    [InlineData("build: { context: ., dockerfile: ../../Dockerfile }", "lies outside the repository")]
    [InlineData("build: { context: ., additional_contexts: { x: / } }", "additional_contexts.x: '/' lies outside the repository")]
    [InlineData("build: { context: ., additional_contexts: ['x=../..'] }", "additional_contexts.x: '../..' lies outside the repository")]
    [InlineData("build: { context: ., additional_contexts: { x: ./link } }", "is a symbolic link")]
    [InlineData("build: { context: ., additional_contexts: { x: ./gone } }", "the repository has no folder .devcontainer/gone")]
    [InlineData("build: { context: ., additional_contexts: { x: 'https://h/x.git' } }", "is not in the repository; name a folder of")]
    [InlineData("build: { context: ., additional_contexts: { x: 'git@h:x' } }", "is not in the repository; name a folder of the")]
    [InlineData("build: { context: ., additional_contexts: { x: 'oci-layout://x' } }", "is not in the repository; name a folder")]
    [InlineData("build: { context: ., additional_contexts: { x: 'service:no' } }", "there is no service no; there are app")]
    [InlineData("build: { context: ., additional_contexts: { 'x y': . } }", "it has no name that a Dockerfile could use")]
    [InlineData("depends_on: [nobody]", "there is no service nobody")]
    [InlineData("command: 'a \"b'", "a quote is not closed")]
    [InlineData("environment: { A: '${B:?must be set}' }", "B has no value (must be set)")]
    [InlineData("environment: { A: '${B' }", "is not closed")]
    public void A_service_is_refused_with_file_line_and_reason(string line, string reason)
    {
        Write("secret.env", "A=1");
        Directory.CreateDirectory(Path.Combine(_root, ".devcontainer"));
        File.CreateSymbolicLink(Path.Combine(_root, ".devcontainer/link"), "/etc/passwd");
        var fault = Assert.Throws<FaultException>(() => Read($$"""
            services:
              app:
                {{Image}}
                {{line}}
            volumes: { data: , outer: { external: true }, nfs: { driver_opts: { type: none, o: bind, device: / } }, plugin: { driver: sshfs } }
            networks: { outside: { external: true }, mac: { driver: macvlan } }
            secrets: { hostfile: { file: ../../../etc/shadow }, environment: { environment: PATH } }
            """.Replace(Image, line.StartsWith("image:", StringComparison.Ordinal) ? "" : Image.TrimEnd(), StringComparison.Ordinal)));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Contains(".devcontainer/compose.yml", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>A service does not get what no codespace gets. Most services work without it, and a remark names it.</summary>
    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("privileged: true", "privileged mode")]
    [InlineData("cap_add: [SYS_ADMIN]", "added capabilities")]
    [InlineData("security_opt: ['seccomp:unconfined']", "security options")]
    [InlineData("devices: ['/dev/kvm']", "host devices")]
    [InlineData("gpus: all", "host devices")]
    [InlineData("pid: host", "process namespace")]
    [InlineData("pid: 'service:db'", "process namespace")]
    [InlineData("ipc: host", "IPC namespace")]
    [InlineData("uts: host", "UTS namespace")]
    [InlineData("userns_mode: host", "user namespace")]
    [InlineData("cgroup: host", "cgroup namespace")]
    [InlineData("cgroup_parent: /", "another cgroup")]
    [InlineData("runtime: runc", "other runtimes")]
    [InlineData("sysctls: ['kernel.core_pattern=|/x']", "kernel settings")]
    [InlineData("sysctls: { net.ipv4.ip_forward: 1 }", "kernel settings")]
    [InlineData("group_add: [docker]", "additional groups")]
    [InlineData("external_links: [other]", "cannot be reached")]
    [InlineData("oom_score_adj: -1000", "out-of-memory killer")]
    [InlineData("network_mode: host", "the host's are not allowed")]
    [InlineData("network_mode: 'container:other'", "foreign networks")]
    [InlineData("networks: [outside]", "networks from outside the codespace")]
    [InlineData("networks: [mac]", "a bridge of its own")]
    [InlineData("volumes: ['/:/host']", "lies outside the repository")]
    [InlineData("volumes: ['~/.ssh:/ssh']", "lies outside the repository")]
    [InlineData("volumes: [{ type: bind, source: /etc, target: /e }]", "lies outside the repository")]
    [InlineData("volumes: ['outer:/x']", "volumes from outside the codespace")]
    [InlineData("volumes: ['nfs:/x']", "options could mount")]
    [InlineData("volumes: ['plugin:/x']", "volume drivers")]
    [InlineData("ulimits: { rtprio: 99 }", "no limit that a codespace may set")]
    [InlineData("ulimits: { nofile: { soft: 9, hard: 8 } }", "no limit that a codespace may set")]
    [InlineData("privileged: yes", "privileged mode")]
    [InlineData("volumes: ['/dev:/dev']", "lies outside the repository")]
    [InlineData("volumes: ['/sys/fs/cgroup:/sys/fs/cgroup:ro']", "lies outside the repository")]
    [InlineData("volumes: [{ type: bind, source: /proc, target: /proc }]", "lies outside the repository")]
    [InlineData("volumes: ['../../..:/host']", "lies outside the repository")]
    [InlineData("volumes: ['./../../../etc:/host']", "lies outside the repository")]
    [InlineData("volumes: ['../../other:/host']", "lies outside the repository")]
    [InlineData("volumes: ['${PWD}/../x:/x']", "lies outside the repository")]
    [InlineData("volumes: ['/workspaces/other:/y']", "'/workspaces/other' is left out")]
    [InlineData("volumes: ['./link:/e']", "is a symbolic link")]
    [InlineData("build: { context: ., network: host }", "builds reach what the codespace reaches")]
    [InlineData("build: { context: ., privileged: true }", "builds reach what the codespace reaches")]
    [InlineData("build: { context: ., extra_hosts: ['a:1.2.3.4'] }", "builds reach what the codespace reaches")]
    [InlineData("build: { context: ., secrets: [x] }", "builds get no secrets")]
    [InlineData("build: { context: ., ssh: [default] }", "builds get no secrets")]
    public void A_service_goes_without_what_no_codespace_gets(string line, string reason)
    {
        Directory.CreateDirectory(Path.Combine(_root, ".devcontainer"));
        File.CreateSymbolicLink(Path.Combine(_root, ".devcontainer/link"), "/etc/passwd");
        var plan = Read($$"""
            services:
              app:
                {{Image}}
                {{line}}
            volumes: { data: , outer: { external: true }, nfs: { driver_opts: { type: none, o: bind, device: / } }, plugin: { driver: sshfs } }
            networks: {{(line.Contains("mac", StringComparison.Ordinal) ? "{ mac: { driver: macvlan } }" : "{ outside: { external: true } }")}}
            """.Replace(Image, Image.TrimEnd(), StringComparison.Ordinal));
        var remark = Assert.Single(plan.Remarks);
        Assert.Contains(reason, remark, StringComparison.Ordinal);
        Assert.Contains(".devcontainer/compose.yml:", remark, StringComparison.Ordinal);

        // The container is the same as for a service that asks for nothing. Only a mount may differ: a volume, which is a folder of the
        // codespace's disk, or docker inside, because privileged mode is asked for to run docker.
        var innocent = ServiceContainer.Plan(Read($"services:\n  app:\n    {Image}").Main, "image", new MachineLimits(1, 1, 1), null, []);
        var container = ServiceContainer.Plan(plan.Main, "image", new MachineLimits(1, 1, 1), null, []);
        var policy = new ContainerPolicy(new Codespace { Name = "ada-app" }, new CodespaceFolders("/data", "ada-app"));
        Assert.All(container.Mounts, mount => Assert.True(mount.Kind is PlannedMountKind.Volume or PlannedMountKind.Docker));
        Assert.Equal(
            policy.Write(innocent).ToJsonString(),
            policy.Write(container with { Mounts = [] }).ToJsonString());
    }

    [Fact]
    public void A_service_may_be_looked_into_and_limit_its_processes()
    {
        var plan = Read(
            $"services:\n  app:\n    {Image}    cap_add: [SYS_PTRACE, CAP_CHOWN]\n    ulimits: {{ nofile: 2000, core: {{ soft: 0, hard: "
                + $"-1 }} }}\n");
        Assert.Empty(plan.Remarks);
        Assert.True(plan.Main.Debugging);
        Assert.Equal([new ResourceLimit("nofile", 2000, 2000), new ResourceLimit("core", 0, -1)], plan.Main.ResourceLimits);
    }

    [Theory]
    [InlineData("a: [", "is not valid YAML")]
    [InlineData("- a", "a compose file is a mapping")]
    [InlineData("a: 1\n---\nb: 2", "holds several documents")]
    [InlineData("services: { a: { image: x }, a: { image: y } }", "a is there twice")]
    [InlineData("services: { a: *b }", "nothing is anchored")]
    [InlineData("services: !mine {}", "the tag !mine is not supported")]
    [InlineData("services: []", "services is a mapping")]
    [InlineData("services: { app: x }", "is a mapping")]
    [InlineData("models: { a: {} }", "has no services")]
    [InlineData("services: {}", "there is no service app")]
    [InlineData("include: [ ../../x.yml ]\nservices: {}", "lies outside the repository")]
    public void A_file_that_is_none_is_named(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FaultException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Trait("Suite", "hostile")]
    [Fact]
    public void Deep_and_multiplying_files_end_quickly()
    {
        Assert.Contains(
            "levels deep", Assert.ThrowsAny<FaultException>(() => Read("a: " + new string('[', 100_000))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "levels deep", Assert.ThrowsAny<FaultException>(() => Read("a: " + string.Concat(Enumerable.Repeat("{a: ", 50_000)))).Message,
            StringComparison.Ordinal);
        var bomb = "x-0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 9).Select(i =>
            $"x-{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Assert.Contains("more than 200000 values", Assert.ThrowsAny<FaultException>(() => Read(bomb)).Message, StringComparison.Ordinal);
        Assert.Contains("too deeply", Assert.ThrowsAny<FaultException>(
            () => Read(
                $"services: {{ app: {{ {Image.Trim()}, user: '{string.Concat(Enumerable.Repeat("${A:-", 20))}{new string('}', 20)}' }} "
                    + $"}}")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Files_are_merged_extended_and_included_and_variables_come_from_the_repositorys_file_alone()
    {
        Write(".devcontainer/.env", "TAG=2\nexport NAME='a b'\n# no\nEMPTY=\n");
        Write(".devcontainer/base/base.yml", """
            services:
              base: { image: "r.test/base/b:1", environment: [FROM=base, KEPT=yes], env_file: here.env, depends_on: [gone], command: [a] }
            """);
        Write(".devcontainer/base/here.env", "IN_FILE=\"x\\ny\"\nFROM=file\n");
        Write(
            ".devcontainer/more.yml", "services:\n  cache: { image: r.test/c/c:1, depends_on: { db: { condition: service_healthy } } }\n");
        Write(
            ".devcontainer/second.yml",
            "services:\n  app: { environment: { FROM: second, HOME_OF: $HOME }, command: sh -c 'echo \"x y\"' , ports: ['1:1'] }\n");
        var plan = Read("""
            version: "3.8"
            include: [more.yml]
            x-common: &common { init: true, working_dir: /w }
            services:
              app:
                <<: *common
                extends: { file: base/base.yml, service: base }
                image: r.test/a/b:${TAG}
                environment: { NAME: "${NAME:-none}", OTHER: "${EMPTY:-other} ${EMPTY-kept} $$x", UNSET: }
                depends_on: [cache]
              db: { image: r.test/d/d:1, healthcheck: { test: pg_isready, interval: 1m30s, retries: 3 }, container_name: database }
              debug: { image: nowhere, privileged: true, profiles: [debug] }
            """, "second.yml");
        Assert.Equal("r.test/a/b:2", plan.Main.Image!.ToString());
        Assert.Equal(
            ["FROM=second", "HOME_OF=", "IN_FILE=x\ny", "KEPT=yes", "NAME=a b", "OTHER=other  $x"],
            plan.Main.Environment.Select(variable => $"{variable.Key}={variable.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(["sh", "-c", "echo \"x y\""], plan.Main.Command);
        Assert.True(plan.Main.Init);
        Assert.Equal("/w", plan.Main.WorkingFolder);
        Assert.Equal(["db", "cache"], plan.Others.Select(service => service.Name));
        Assert.Equal("service_healthy", plan.Others[1].Needs["db"]);
        Assert.Equal(
            """{"Test":["CMD-SHELL","pg_isready"],"Interval":90000000000,"Retries":3}""", plan.Others[0].HealthCheck!.ToJsonString());
        Assert.Equal(["database"], plan.Others[0].Aliases);
        Assert.Contains(
            plan.Remarks,
            remark => remark.Contains("services.app.ports is ignored: ports of the host are not published", StringComparison.Ordinal));
        Assert.Contains(plan.Remarks, remark => remark.Contains("environment.UNSET has no value", StringComparison.Ordinal));
        Assert.Contains(plan.Remarks, remark => remark.StartsWith("${HOME} is empty", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("..:/workspace:cached", "Workspace", "", "/workspace")]
    [InlineData("../..:/workspaces:cached", "Workspace", "", "/workspaces/app")]
    [InlineData("./:/here", "Part", ".devcontainer", "/here")]
    [InlineData(
        "./init.sql:/docker-entrypoint-initdb.d/init.sql:ro", "Part", ".devcontainer/init.sql", "/docker-entrypoint-initdb.d/init.sql")]
    [InlineData("data:/var/lib/data", "Volume", "data", "/var/lib/data")]
    [InlineData("/cache", "Volume", "anonymous-app-0", "/cache")]
    [InlineData("{ type: tmpfs, target: /memory }", "Memory", "", "/memory")]
    [InlineData("{ type: bind, source: .., target: /src, read_only: true }", "Workspace", "", "/src")]
    public void Mounts_are_the_checkout_parts_of_it_volumes_and_memory(string mount, string kind, string source, string target)
    {
        Write(".devcontainer/init.sql", "select 1");
        var plan = Read(
            $"services:\n  app:\n    {Image}    volumes: [{(mount.StartsWith('{') ? mount : $"'{mount}'")}]\nvolumes: {{ data: }}\n");
        var read = Assert.Single(plan.Main.Mounts);
        Assert.Equal(
            (
                kind, source, target,
                mount.EndsWith(":ro", StringComparison.Ordinal) || mount.Contains("read_only", StringComparison.Ordinal)),
                (read.Kind.ToString(), read.Source, read.Target, read.ReadOnly));
    }

    [Theory]
    [InlineData("['..:/w', './there:/w/.devcontainer/there']", "Workspace::/w")]
    [InlineData("['..:/w', './there:/w/other']", "Workspace::/w Part:.devcontainer/there:/w/other")]
    [InlineData("['..:/w', './file:/w/other']", "Workspace::/w Part:.devcontainer/file:/w/other")]
    [InlineData("['..:/w', './there:/elsewhere']", "Workspace::/w Part:.devcontainer/there:/elsewhere")]
    [InlineData("['./missing:/a', '../missing:/b']", "Volume:missing-0:/a Volume:missing-1:/b")]
    [InlineData("['./missing:/a', '../.devcontainer/missing:/b']", "Volume:missing-0:/a Volume:missing-0:/b")]
    public void A_bind_is_seen_where_it_is_wanted_and_a_folder_that_is_not_there_is_made(string volumes, string expected)
    {
        Write(".devcontainer/there/x", "x");
        Write(".devcontainer/file", "x");
        var plan = Read($"services:\n  app:\n    {Image}    volumes: {volumes}\n");
        var volumesOf = plan.Main.Mounts.Where(mount => mount.Kind == PlannedMountKind.Volume);
        List<string> names = [.. volumesOf.Select(mount => mount.Source).Distinct()];
        Assert.Equal(
            expected,
            string.Join(
                ' ', plan.Main.Mounts.Select(mount => mount.Kind == PlannedMountKind.Volume
                    ? $"Volume:{mount.Source.Split('-')[0]}-{names.IndexOf(mount.Source)}:{mount.Target}"
                    : $"{mount.Kind}:{mount.Source}:{mount.Target}")));
    }

    [Fact]
    public void Services_that_wait_for_each_other_or_share_in_a_circle_are_named()
    {
        Assert.Contains(
            "wait for each other", Fault("a: { image: r.test/a/b:1, depends_on: [b] }", "b: { image: r.test/a/b:1, depends_on: [a] }"),
            StringComparison.Ordinal);
        Assert.Contains(
            "wait for each other",
            Fault("a: { image: r.test/a/b:1, network_mode: 'service:b' }", "b: { image: r.test/a/b:1, network_mode: 'service:a' }"),
            StringComparison.Ordinal);
        Assert.Contains(
            "the services a, b wait for each other (depends_on, links, network_mode, volumes_from); to share files, mount the same",
            Fault("a: { image: r.test/a/b:1, volumes_from: [b] }", "b: { image: r.test/a/b:1, volumes_from: ['a:ro'] }"),
            StringComparison.Ordinal);
        Assert.Contains(
            "the services a wait for each other", Fault("a: { image: r.test/a/b:1, volumes_from: [a] }"), StringComparison.Ordinal);

        string Fault(params string[] services) => Assert.Throws<FaultException>(
            () => Read($"services:\n  app: {{ {Image.Trim()} }}\n" + string.Concat(services.Select(service => $"  {service}\n")))).Message;
    }

    [Theory]
    [InlineData("a  b\tc", "a|b|c")]
    [InlineData("a 'b c' \"d $e\"", "a|b c|d $e")]
    [InlineData("a\\ b \"c\\\"d\" 'e\\f'", "a b|c\"d|e\\f")]
    [InlineData("'' a", "|a")]
    public void A_command_is_parted_as_a_shell_does(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', ShellWords.Split(text)!));

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), text);
    }

    /// <summary>The tags <c>!reset</c> and <c>!override</c> of the Compose specification, section "Merge".</summary>
    [Fact]
    public void A_later_file_takes_back_or_replaces_what_an_earlier_one_says()
    {
        Write(
            ".devcontainer/more.yml",
            """
            services:
              app:
                environment: !override { C: "3" }
                tmpfs: !reset []
                working_dir: !reset null
                user: !override ada
                depends_on: !reset {}
            """);
        var service = Read(
            """
            services:
              app:
                image: r.test/a
                environment: [A=1, B=2]
                tmpfs: [/t]
                working_dir: /w
                user: root
                depends_on: [db]
              db: { image: r.test/d }
            """,
            "more.yml").Main;
        Assert.Equal("C=3", string.Join(' ', service.Environment.Select(variable => $"{variable.Key}={variable.Value}")));
        Assert.Equal(("ada", null), (service.User, service.WorkingFolder));
        Assert.DoesNotContain(service.Mounts, mount => mount.Target == "/t");
        Assert.Empty(service.Needs);
    }

    private ComposePlan Read(string text, params string[] more)
    {
        Write(".devcontainer/compose.yml", text);
        Write(".devcontainer/Dockerfile", "FROM r.test/a/b:1\n");
        var checkout = Budgets.Checkout(_root);
        var plan = ComposePlan.Read(
            checkout, new ComposeSource([".devcontainer/compose.yml", .. more.Select(file => ".devcontainer/" + file)], "app", null), "app",
            []);
        checkout.Refusals.ThrowIfAny();
        return plan!;
    }
}
