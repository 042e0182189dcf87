using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Isolation;

namespace Berth.Tests.Codespaces.Compose;

/// <summary>Unusual forms in the compose files of repositories are read as compose reads them.</summary>
public sealed class ComposeReadingTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("berth-reading-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Services_that_need_the_one_people_work_in_start_after_it()
    {
        var plan = Read(
            """
            services:
              proxy: { image: r.test/p, depends_on: [web] }
              web: { image: r.test/w, depends_on: [app, db] }
              app: { image: r.test/a, depends_on: [db], links: [cache] }
              db: { image: r.test/d }
              cache: { image: r.test/c, depends_on: { gone: { condition: service_started, required: false } } }
              mail: { image: r.test/m, network_mode: 'service:app' }
            """);
        Assert.Equal(["cache", "db"], plan.Earlier.Select(service => service.Name));
        Assert.Equal(["web", "proxy", "mail"], plan.Later.Select(service => service.Name));
        Assert.Equal("app", plan.Later[2].NetworkOf);
    }

    [Fact]
    public void A_service_has_the_mounts_of_others_below_its_own()
    {
        Write("conf/x", "x");
        var plan = Read(
            """
            services:
              app:
                image: r.test/a
                volumes_from: [data, 'code:ro']
                volumes: ['own:/b']
              data: { image: r.test/d, volumes: ['a:/a', 'b:/b', './conf:/conf:ro'], tmpfs: [/t] }
              code: { image: r.test/c, volumes: ['.:/w'], volumes_from: [deep] }
              deep: { image: r.test/e, volumes: ['deep:/deep', 'c:/a', './conf:/w/conf'], profiles: [never] }
              later: { image: r.test/f, volumes_from: ['app:rw'] }
            volumes: { a: , b: , c: , deep: , own: }
            """);
        Assert.Equal(["data", "deep", "code"], plan.Earlier.Select(service => service.Name));
        const string Expected =
            "Volume c /a ro, Volume own /b rw, Part conf /conf ro, Memory  /t rw, Volume deep /deep ro, "
                + "Part conf /w/conf ro, Workspace  /w ro";
        Assert.Equal(Expected, Shown(plan.Main));
        Assert.Equal("later", Assert.Single(plan.Later).Name);
        Assert.Equal(Expected, Shown(plan.Later[0]));
        Assert.Equal("/w", plan.WorkspaceTarget);
        Assert.Equal(
            ["data rw", "code ro", "deep ro"],
            plan.Main.MountsFrom.Select(from => $"{from.Service} {(from.ReadOnly ? "ro" : "rw")}"));

        // The service code has the workspace at /w, so it sees the part conf at /w/conf without a mount.
        Assert.Equal("Volume deep /deep rw, Volume c /a rw, Workspace  /w rw", Shown(plan.Earlier[2]));

        static string Shown(ComposeService service) => string.Join(
            ", ", service.Mounts.Select(mount => $"{mount.Kind} {mount.Source} {mount.Target} {(mount.ReadOnly ? "ro" : "rw")}"));
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void Mounts_of_others_are_counted_with_all_mounts()
    {
        var services = string.Concat(Enumerable.Range(1, 15).Select(
            i => $"  s{i}: {{ image: r.test/s, volumes: ['/v{i}'], volumes_from: [{(i > 1 ? $"s{i - 1}, s{i - 1}" : "")}] }}\n"));
        var fault = Assert.ThrowsAny<Berth.Server.Faults.FaultException>(
            () => Read("services:\n  app: { image: r.test/a, volumes_from: [s15] }\n" + services));
        Assert.Contains("the configuration has more than 200 mounts", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Builds_have_folders_images_and_services_by_name()
    {
        Write("shared/a", "a");
        Write("Dockerfile", "FROM Base\nCOPY --from=files a /\nRUN --mount=from=tool,target=/t true\n");
        Write("base/Dockerfile", "FROM r.test/b\n");
        List<ImageUse> uses = [];
        var plan = Read(
            """
            services:
              app:
                build:
                  context: .
                  additional_contexts: ["base=service:base", "files=./shared", "tool=docker-image://r.test/t:1", "unused=service:none"]
              db:
                build:
                  dockerfile_inline: "FROM common\nCOPY --from=app /a /\n"
                  additional_contexts: { common: "service:common", app: "service:app" }
              base: { build: ./base, profiles: [never] }
              common: { image: r.test/c, profiles: [never], volumes: ["nothing:/counts"] }
              none: { image: r.test/n, profiles: [never] }
            """, uses);
        Assert.Equal(["base"], plan.Main.Build!.Services);
        Assert.Equal(["common", "app"], plan.Others.Single().Build!.Services);
        Assert.Equal(["base", "common"], plan.Sources.Select(source => source.Name));
        Assert.Equal(["shared"], plan.Main.Build.IgnoredIn.Keys);
        Assert.Equal(["r.test/b", "r.test/c", "r.test/t:1"], uses.Select(use => use.Reference.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Services_that_are_built_from_each_other_are_named()
    {
        var fault = Assert.Throws<Berth.Server.Faults.FaultException>(() => Read(
            """
            services:
              app: { build: { dockerfile_inline: "FROM x", additional_contexts: { x: "service:b" } } }
              b: { build: { dockerfile_inline: "FROM x", additional_contexts: { x: "service:app" } }, profiles: [never] }
            """));
        Assert.Contains(
            "compose.yml:2: the services app, b are built from each other in a circle", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_has_one_holder()
    {
        var plan = Read(
            """
            services:
              app: { image: r.test/a, network_mode: 'service:db' }
              db: { image: r.test/d }
              cache: { image: r.test/c, network_mode: 'service:app' }
            """);
        Assert.Equal(("db", "db"), (plan.Main.NetworkOf, plan.Later.Single().NetworkOf));
    }

    [Fact]
    public void Files_of_variables_are_written_for_other_programs_as_well()
    {
        Write(".env", "USER_NAME=ada\n");
        Write(
            "app.env",
            "# first\r\nURL=http://${USER_NAME}:${PORT:-80}/\r\nexport A = spaced # said\nB=$URL!\nC=pa$word\nD='${URL}'\n"
                + "E=\"x\\n${A}\n  y\" # z\n"
                + "spring.data-url=s\nkey: colon\nnonsense here\nALONE\nF=\"open\nG=${broken\nH=$$5\n=none\n");
        var plan = Read("services:\n  app: { image: r.test/a, env_file: [app.env] }\n");
        Assert.Equal(
            [
                "A=spaced", "B=http://ada:80/!", "C=pa$word", "D=${URL}", "E=x\nspaced\n  y", "F=\"open", "G=${broken", "H=$5",
                "URL=http://ada:80/", "key=colon", "spring.data-url=s",
            ],
            plan.Main.Environment.Select(variable => $"{variable.Key}={variable.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(
            ["app.env:11: the line is passed over: it is not NAME=VALUE", "app.env:16: the line is passed over: it is not NAME=VALUE"],
            plan.Remarks.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_of_variables_that_is_not_there_is_said()
    {
        var plan = Read("services:\n  app:\n    image: r.test/a\n    env_file: .env.local\n    environment: { A: b }\n");
        Assert.Equal(["A"], plan.Main.Environment.Keys);
        Assert.Contains(
            "compose.yml:4: services.app.env_file: the repository has no .env.local", Assert.Single(plan.Remarks),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Includes_have_folders_and_variables_of_their_own()
    {
        Write("infra/compose.yml", "services:\n  db: { image: 'r.test/d:${TAG}', volumes: ['./conf:/conf'] }\n");
        Write("infra/more.env", "TAG=7\n");
        Write("shared/conf/x", "x");
        var plan = Read(
            """
            include:
              - path: infra/compose.yml
                project_directory: shared
                env_file: infra/more.env
            services:
              app: { image: r.test/a }
            """);
        var db = Assert.Single(plan.Others);
        Assert.Equal(("r.test/d:7", "shared/conf"), (db.Image!.ToString(), db.Mounts[0].Source));
    }

    [Theory]
    [InlineData("base.yml", "more/base.yml", "r.test/beside")]
    [InlineData("base.yml", "base.yml", "r.test/project")]
    [InlineData("../base.yml", "base.yml", "r.test/above")]
    public void What_is_extended_lies_in_the_projects_folder_or_beside_its_file(string file, string place, string image)
    {
        Write(place, $"services: {{ base: {{ image: {image} }} }}\n");
        Write("more/over.yml", $"services: {{ app: {{ extends: {{ file: {file}, service: base }} }} }}\n");
        Assert.Equal(image, Read("services: {}\n", "more/over.yml").Main.Image!.ToString());
    }

    [Fact]
    public void Texts_that_stand_in_the_file_are_files_in_the_container()
    {
        Write(".env", "TOKEN=abc\n");
        var plan = Read(
            """
            services:
              app:
                image: r.test/a
                configs: [{ source: web, target: /etc/web.conf }, plain]
                secrets: [token]
            configs: { web: { content: "listen ${PORT:-80}\n" }, plain: { content: x } }
            secrets: { token: { environment: TOKEN } }
            """);
        Assert.Equal(
            [("/run/secrets/token", "abc"), ("/etc/web.conf", "listen 80\n"), ("/plain", "x")],
            plan.Main.Mounts.Select(mount => (mount.Target, mount.Source)));
        Assert.All(plan.Main.Mounts, mount => Assert.True(mount is { Kind: PlannedMountKind.Text, ReadOnly: true }));
    }

    [Fact]
    public void The_working_folder_of_a_shell_is_the_repository()
    {
        Write("src/x", "x");
        var plan = Read("services:\n  app: { image: r.test/a, volumes: ['${PWD}:/w', '$PWD/src:/s'], environment: { AT: '${PWD}' } }\n");
        Assert.Equal(
            [(PlannedMountKind.Workspace, "", "/w"), (PlannedMountKind.Part, "src", "/s")],
            plan.Main.Mounts.Select(mount => (mount.Kind, mount.Source, mount.Target)));
        Assert.Equal("/workspaces/app", plan.Main.Environment["AT"]);
    }

    [Theory]
    [InlineData("linux/OWN")]
    [InlineData("linux/OWN/v1")]
    [InlineData("OWN")]
    [InlineData("linux")]
    [InlineData("linux/ALIAS")]
    public void The_machines_own_platform_has_several_spellings(string platform)
    {
        var own = MachineArchitecture.Name;
        Read($"services:\n  app:\n    image: r.test/a\n    platform: {platform.Replace("OWN", own, StringComparison.Ordinal)
            .Replace("ALIAS", own == "amd64" ? "x86_64" : "aarch64", StringComparison.Ordinal)}\n");
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), text);
    }

    private ComposePlan Read(string text, params string[] more) => Read(text, [], more);

    private ComposePlan Read(string text, List<ImageUse> uses, params string[] more)
    {
        Write("compose.yml", text);
        var checkout = Budgets.Checkout(_root);
        var plan = ComposePlan.Read(checkout, new ComposeSource(["compose.yml", .. more], "app", null), "app", uses);
        checkout.Refusals.ThrowIfAny();
        return plan!;
    }
}
