using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>What the reference implementation reads in some way of its own is read so here.</summary>
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
        Assert.Contains(plan.Remarks, remark => remark.StartsWith($"the feature {id} is read as {name}", StringComparison.Ordinal));
    }

    private DevcontainerPlan Plan() => Budgets.Plan(_checkout, "app");

    private static JsonObject Passed(DevcontainerPlan plan) => plan.Configuration.Entry;

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_checkout, path))!);
        File.WriteAllText(Path.Combine(_checkout, path), text);
    }
}
