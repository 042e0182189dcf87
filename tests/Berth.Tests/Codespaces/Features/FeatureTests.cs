using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Features;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Features;

public sealed class FeatureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-features-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("ghcr.io/devcontainers/features/go:1", "ghcr.io/devcontainers/features/go")]
    [InlineData("localhost:5000/acme/features/go", "localhost:5000/acme/features/go")]
    [InlineData("acme/features/go:1", "docker.io/acme/features/go")]
    [InlineData("./own", "./.devcontainer/own")]
    [InlineData("../own", "./own")]
    [InlineData("https://example.com/f/devcontainer-feature-go.tgz", "https://example.com/f/devcontainer-feature-go.tgz")]
    public void A_feature_is_one_of_a_registry_or_a_folder(string id, string resource) => Assert.Equal(resource, Parse(id).Resource);

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("go", "is no feature; write it with its registry")]
    [InlineData("http://example.com/feature.tgz", "is no archive at an https URL")]
    [InlineData("https://ada:secret@example.com/feature.tgz", "is no archive at an https URL")]
    [InlineData("file:///etc/passwd", "is no archive at an https URL")]
    [InlineData("./missing", "is no folder of the repository")]
    [InlineData("../../outside", "lies outside the repository")]
    [InlineData("./link", "is a symbolic link")]
    public void What_cannot_be_installed_is_said(string id, string reason) =>
        Assert.Contains(reason, Assert.Throws<FaultException>(() => Parse(id)).Message, StringComparison.Ordinal);

    // https://containers.dev/implementors/features/#installation-order
    [Theory]
    [InlineData("b a", "", "a b")]
    [InlineData("b a", "b", "b a")]
    [InlineData("a>b b", "", "b a")]
    [InlineData("a~b b", "", "b a")]
    [InlineData("a~x b", "", "a b")]
    [InlineData("a~b b", "a", "b a")]
    [InlineData("a b c", "c b", "c b a")]
    [InlineData("a>c b c", "", "b c a")]
    [InlineData("a>c b>c c", "b", "c b a")]
    [InlineData("a~r.test/f/c:2 b c", "", "b c a")]
    public void Features_are_installed_in_the_order_of_the_specification(string features, string first, string expected)
    {
        var order = OrderFeatures.Run(
            Nodes(features), [.. first.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => "r.test/f/" + id)],
            Budgets.New());
        Assert.Equal(expected, string.Join(' ', order.Select(feature => feature.Name.Text[^1])));
    }

    [Theory]
    [InlineData("a>b b>a")]
    [InlineData("a~b b~a")]
    public void Features_that_wait_for_each_other_are_named(string features) =>
        Assert.Contains(
            "r.test/f/a, r.test/f/b wait for each other",
            Assert.Throws<FaultException>(() => OrderFeatures.Run(Nodes(features), [], Budgets.New())).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("version", "VERSION")]
    [InlineData("install-zsh", "INSTALL_ZSH")]
    [InlineData("1st_option", "_ST_OPTION")]
    [InlineData("a.b c", "A_B_C")]
    public void An_option_becomes_a_variable(string option, string variable) => Assert.Equal(variable, Feature.VariableOf(option));

    [Fact]
    public void Options_have_defaults_and_become_texts()
    {
        var metadata = JsonNode.Parse(
            """{"options":{"version":{"type":"string","default":"latest"},"shell":{"type":"boolean","default":true},"none":{"type":"string"}}}""")!
            .AsObject();
        var options = Feature.OptionsOf(metadata, JsonNode.Parse("""{"version":"1.2","more":false,"bad":{}}""")!.AsObject());
        Assert.Equal(
            ["more=false", "shell=true", "version=1.2"],
            options.Select(option => $"{option.Key}={option.Value}").Order(StringComparer.Ordinal));
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void What_a_feature_asks_of_the_host_is_left_out()
    {
        Assert.Contains(
            "asks for privileged mode, which it does not get", Assert.Single(Of("a", """{"privileged":true}""").Withheld()),
            StringComparison.Ordinal);
        var feature = Of(
            "a",
            """{"capAdd":["SYS_PTRACE","NET_ADMIN"],"securityOpt":["seccomp=unconfined"],"mounts":[{"type":"bind","source":"/","target":"/h"},"source=v,target=/v,type=volume"],"postCreateCommand":"x","init":true,"privileged":false}""");
        Assert.Equal(3, feature.Withheld().Count());
        Assert.Equal(
            """{"id":"r.test/f/a","postCreateCommand":"x","init":true,"capAdd":["SYS_PTRACE"],"mounts":["source=v,target=/v,type=volume"]}""",
            feature.Label().ToJsonString());
    }

    [Fact]
    public void The_label_of_the_image_below_comes_first()
    {
        var image = new EngineImage(
            "x", "dev", new Dictionary<string, string> { [ImageMetadata.Label] = """{"remoteUser":"dev"}""" });
        Assert.Equal(
            """[{"remoteUser":"dev"},{"id":"r.test/f/a"}]""",
            FeatureLayers.Label(ImageMetadata.Of(image.Labels), [Of("a", "{}")], Budgets.New()));

        // A label that cannot be read as text counts as none.
        var broken = new EngineImage(
            "x", "dev", new Dictionary<string, string> { [ImageMetadata.Label] = """[{"remoteUser":"\ud800"}]""" });
        Assert.Equal("""[{"id":"r.test/f/a"}]""", FeatureLayers.Label(ImageMetadata.Of(broken.Labels), [Of("a", "{}")], Budgets.New()));
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("""{"capAdd":["SYS_PTRACE","ALL"],"init":true}""", """[{"init":true,"capAdd":["SYS_PTRACE"]}]""", "the capabilities ALL")]
    [InlineData("""[{"securityOpt":["seccomp=unconfined"]},{"remoteUser":"dev"}]""", """[{},{"remoteUser":"dev"}]""", "seccomp=unconfined")]
    [InlineData(
        """[{"privileged":true}]""", """[{"mounts":["source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind"]}]""", "privileged mode")]
    [InlineData("""[{"privileged":false}]""", """[{"privileged":false}]""", null)]
    [InlineData(
        """[{"mounts":["source=/,target=/h,type=bind",{"source":"/"}]}]""", "[{}]", """source=/,target=/h,type=bind, {"source":"/"}""")]
    [InlineData("""[{"mounts":7,"capAdd":null}]""", "[{}]", "the mounts 7")]
    [InlineData("""[7,"x",null]""", "[]", null)]
    [InlineData("no JSON", "[]", null)]
    public void What_an_images_label_asks_of_the_host_is_left_out_with_a_line(string label, string left, string? line)
    {
        var metadata = ImageMetadata.Of(new Dictionary<string, string> { [ImageMetadata.Label] = label });
        Assert.Equal(left, FeatureLayers.Label(metadata, [], Budgets.New()));
        Assert.Equal(line is not null, metadata.Withheld.Count > 0);
        Assert.Contains(line ?? "", string.Join('\n', metadata.Withheld), StringComparison.Ordinal);
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void Instructions_cannot_be_left_through_what_a_feature_says()
    {
        var lines = FeatureLayers.Instructions(
            [Of("a", """{"containerEnv":{"A":"x\"\nRUN evil \\","B C":"no","PATH":"/opt:${PATH}"}}""")], null)
            .ToList();
        Assert.Equal(
            ["USER root", """ENV A="x\" RUN evil \\" """.TrimEnd(), "ENV PATH=\"/opt:${PATH}\"", "COPY features/0/ /tmp/berth-features/0/",
                """RUN ["/bin/sh","/tmp/berth-features/0/berth-install.sh","r.test/f/a"]""", "USER root"],
            lines);
    }

    private FeatureName Parse(string id)
    {
        Directory.CreateDirectory(Path.Combine(_folder, ".devcontainer/own"));
        Directory.CreateDirectory(Path.Combine(_folder, "own"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, ".devcontainer/link"), "/etc");
        return FeatureName.Parse(id, Budgets.Checkout(_folder), ".devcontainer", "devcontainer.json");
    }

    private static Feature Of(string id, string metadata) => new(
        FeatureName.Parse("r.test/f/" + id, Budgets.Checkout("/nonexistent"), "", "x"), "sha256:0", JsonNode.Parse(metadata)!.AsObject(),
        new Dictionary<string, string>(),
        (_, _, _) => Task.CompletedTask);

    /// <summary><c>a&gt;b</c>: a depends on b; <c>a~b</c>: a is installed after b.</summary>
    private static Dictionary<string, FeatureNode> Nodes(string text)
    {
        var parts = text.Split(' ')
            .Select(part => (Id: part[..1], Kind: part.ElementAtOrDefault(1), Other: part.Length > 1 ? part[2..] : ""))
            .ToList();
        var features = parts.ToDictionary(part => part.Id, part =>
            Of(
                part.Id,
                part.Kind == '~'
                    ? $$"""{"installsAfter":["{{(part.Other.Contains('/') ? part.Other : "r.test/f/" + part.Other)}}"]}"""
                    : "{}"));
        return parts.ToDictionary(
            part => features[part.Id].Key, part => new FeatureNode(features[part.Id], part.Kind == '>' ? [features[part.Other].Key] : []));
    }
}
