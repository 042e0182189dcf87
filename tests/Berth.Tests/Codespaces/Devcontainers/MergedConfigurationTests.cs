using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>The configuration that results from images, features and devcontainer.json together.</summary>
public sealed class MergedConfigurationTests
{
    [Theory]
    [InlineData("""[{"remoteEnv":{"A":"1","B":"2"}},{"remoteUser":"dev"},{"remoteEnv":{"B":"3"}}]""", "A=1|B=3")]
    [InlineData("""{"remoteEnv":{"A":"1"}}""", "A=1")]
    [InlineData("""[{"remoteEnv":{"PATH":"${containerEnv:PATH}:/opt/bin"}}]""", "PATH=/usr/bin:/bin:/opt/bin")]
    [InlineData("""[{"remoteEnv":{"A":"${containerEnv:NONE:x}${localEnv:HOME}${localEnv:PATH:y}"}}]""", "A=xy")]
    [InlineData("""[{"remoteEnv":{"A":"${containerWorkspaceFolder}/b ${containerWorkspaceFolderBasename}"}}]""", "A=/work/app/b app")]
    [InlineData("""[{"remoteEnv":{"A":"${devcontainerId}${unknown}"}}]""", "A=ada-app${unknown}")]
    [InlineData("""[{"remoteEnv":{"A":"1"}},{"remoteEnv":{"A":null}}]""", "")]
    [InlineData("""[{"remoteEnv":{"B=C":"1","":"2","D":5,"E":true}}]""", "D=5|E=true")]
    [InlineData("""[{"remoteEnv":"A=1"},7]""", "")]
    [InlineData("not JSON", "")]
    [InlineData("""[{"remoteEnv":{"A":"\ud800"}}]""", "")]
    public void Variables_of_processes_are_read_from_a_label(string label, string expected)
    {
        var labels = new Dictionary<string, string> { ["devcontainer.metadata"] = label };
        Assert.Equal(expected, string.Join('|', Remote(MergedConfiguration.Of(ImageMetadata.Of(labels).Entries), [])));
    }

    [Fact]
    public void What_the_shell_sets_is_there_unless_the_configuration_takes_it_away()
    {
        var merged = Merge("""{"remoteEnv":{"NVM":null,"B":"2"}}""");
        Assert.Equal(["A=1", "B=2"], Remote(merged, new() { ["A"] = "1", ["NVM"] = "/x", ["B"] = "1" }));
    }

    [Fact]
    public void Berths_variables_come_last_and_each_once() => Assert.Equal(
        ["A=1", "TOKEN=ours", "KEY=a=b"],
        ProcessEnvironment.Of(
            new Dictionary<string, string> { ["A"] = "1", ["TOKEN"] = "theirs" },
            new Dictionary<string, string> { ["TOKEN"] = "ours", ["KEY"] = "a=b" }));

    [Trait("Suite", "hostile")]
    [Fact]
    public void A_text_does_not_grow_beyond_measure()
    {
        var merged = Merge(new JsonObject
        {
            ["remoteEnv"] = new JsonObject { ["A"] = string.Concat(Enumerable.Repeat("${containerEnv:BIG}", 5_000)) },
        }.ToJsonString());
        Assert.Contains(
            "commands and variables", Assert.ThrowsAny<FaultException>(() => Remote(merged, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_single_values_the_last_counts_and_lists_are_put_together()
    {
        var merged = Merge(
            """{"remoteUser":"a","containerUser":"b","userEnvProbe":"none","waitFor":"postCreateCommand","entrypoint":"/first","containerEnv":{"A":"1","B":"1"}}""",
            """{"id":"f","init":true,"entrypoint":"/second","overrideCommand":true}""",
            """{"remoteUser":"c","init":false,"userEnvProbe":"sometimes","containerEnv":{"A":"2"},"overrideCommand":false}""");
        Assert.Equal(
            ("c", "b", "none", true, false, LifecycleStage.PostCreate),
            (merged.RemoteUser, merged.ContainerUser, merged.UserEnvProbe, merged.Init, merged.OverrideCommand, merged.WaitFor));
        Assert.Equal(["/first", "/second"], merged.Entrypoints);
        Assert.Equal(["A=2", "B=1"], merged.ContainerEnvironment.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public void Without_a_word_the_usual_holds()
    {
        var merged = Merge("{}");
        Assert.Equal(
            ("loginInteractiveShell", (LifecycleStage?)LifecycleStage.UpdateContent, (bool?)null),
            (merged.UserEnvProbe, merged.WaitFor, merged.OverrideCommand));
        Assert.Empty(merged.Commands);
        Assert.Null(Merge("""{"waitFor":"initializeCommand"}""").WaitFor);
    }

    [Fact]
    public void Commands_run_by_stage_and_in_a_stage_by_contributor()
    {
        var merged = Merge(
            """{"id":"go","postCreateCommand":"go","onCreateCommand":["go","env"]}""",
            """{"postStartCommand":{"a":"x","b":["y","z"]},"postCreateCommand":"make","onCreateCommand":"","updateContentCommand":[]}""");
        Assert.Equal(
            ["OnCreate go: go env", "PostCreate go: /bin/sh -c go", "PostCreate : /bin/sh -c make", "PostStart : /bin/sh -c x & y z"],
            merged.Commands.Select(command => $"{command.Stage} {command.Contributor}: "
                + string.Join(" & ", command.Parts.Select(part => string.Join(' ', part.Arguments)))));
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void What_reaches_for_the_host_is_not_passed_on()
    {
        const string Entry =
            """{"privileged":true,"capAdd":["ALL"],"securityOpt":["seccomp=unconfined"],"mounts":[{"source":"/","target":"/h"},"x"],"remoteUser":"dev"}""";
        var honoured = MergedConfiguration.Honoured(JsonNode.Parse(Entry)!.AsObject());
        Assert.Equal(["capAdd", "mounts", "remoteUser"], honoured.Select(property => property.Key));
        var merged = MergedConfiguration.Of([honoured]);
        Assert.All(merged.Mounts, mount => Assert.Equal(PlannedMountKind.Volume, mount.Kind));
        Assert.False(merged.Debugging);
    }

    [Theory]
    [InlineData("/usr/bin:/bin", "/opt/node/bin:/usr/bin", false, "/opt/node/bin:/usr/bin:/bin")]
    [InlineData("/usr/bin:/bin", "/usr/local/sbin:/usr/bin:/x", true, "/usr/local/sbin:/usr/bin:/x:/bin")]
    [InlineData("/usr/bin:/bin", "/usr/local/sbin:/usr/bin:/x", false, "/usr/bin:/x:/bin")]
    [InlineData("/nvm:/usr/bin", "/usr/bin", false, "/nvm:/usr/bin")]
    public void Folders_that_the_image_added_to_the_path_stay(string ofShell, string ofContainer, bool isRoot, string expected) =>
        Assert.Equal(expected, Berth.Server.Codespaces.Steps.ProbeEnvironment.MergePaths(ofShell, ofContainer, isRoot));

    [Fact]
    public void Of_what_a_shell_prints_variables_count() => Assert.Equal(
        ["A=1=2", "MULTI=a\nb", "PATH=/x:/bin"],
        Berth.Server.Codespaces.Steps.ProbeEnvironment.Merge(
            "A=1=2\0MULTI=a\nb\0SHLVL=1\0_=/bin/cat\0PWD=/\0noise\0B-C=1\0PATH=/bin\0", ["PATH=/x"], false)
            .Select(pair => $"{pair.Key}={pair.Value}"));

    private static IEnumerable<string> Remote(MergedConfiguration merged, Dictionary<string, string> probed)
    {
        var container = new EngineContainer(
            "id", Running: true, 0, new Dictionary<string, string>(),
            ["HOME=/root", "PATH=/usr/bin:/bin", "BIG=" + new string('x', 1000)]);
        return RemoteEnvironment.Of(probed, merged, new ContainerVariables(container, "/work/app", "ada-app", Budgets.New()))
            .Select(variable => $"{variable.Key}={variable.Value}");
    }

    private static MergedConfiguration Merge(params string[] entries) =>
        MergedConfiguration.Of([.. entries.Select(entry => JsonNode.Parse(entry)!.AsObject())]);
}
