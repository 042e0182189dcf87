using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Plans;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>Repositories that name no image.</summary>
public sealed class DefaultImageTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-default-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Fact]
    public void A_repository_without_a_configuration_gets_it()
    {
        var plan = Plan("mirror.example/dev:1");
        Assert.Equal("mirror.example/dev:1", plan.Image?.ToString());
        Assert.Equal(
            ["the repository has no dev container configuration: the codespace gets this server's default, mirror.example/dev:1"],
            plan.Remarks);
        Assert.False(plan.File.Exists);
    }

    [Fact]
    public void A_configuration_without_an_image_gets_it_and_all_else_that_it_says()
    {
        Write(".devcontainer/devcontainer.json", """{ "postCreateCommand": "true", "workspaceFolder": "/w", "features": { "acme/go:1": {} } }""");
        var plan = Plan("node:20");
        Assert.Equal("docker.io/library/node:20", plan.Image?.ToString());
        Assert.Equal(
            [
                ".devcontainer/devcontainer.json names no image: the codespace gets this server's default, docker.io/library/node:20",
            ],
            plan.Remarks);
        Assert.Equal(("/w", 1, true), (plan.Configuration.WorkspaceFolder, plan.Features.Count, plan.File.Exists));
    }

    [Theory]
    [InlineData("""{ "image": "busybox" }""", "docker.io/library/busybox")]
    [InlineData("""{ "build": { "dockerfile": "../Dockerfile" } }""", null)]
    public void A_configuration_that_names_one_keeps_it(string configuration, string? image)
    {
        Write("Dockerfile", "FROM alpine\n");
        Write(".devcontainer/devcontainer.json", configuration);
        var plan = Plan("node:20");
        Assert.Equal((image, 0), (plan.Image?.ToString(), plan.Remarks.Count()));
        Assert.DoesNotContain(plan.Images, use => use.Reference.ToString().Contains("node", StringComparison.Ordinal));
    }

    [Fact]
    public void Several_in_folders_are_still_a_question()
    {
        Write(".devcontainer/a/devcontainer.json", "{}");
        Write(".devcontainer/b/devcontainer.json", "{}");
        Assert.Contains(
            "several dev container configurations", Assert.Throws<FaultException>(() => Plan("node:20")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_one_that_is_not_there_is_still_refused() => Assert.Contains(
        "has no .devcontainer/x/devcontainer.json",
        Assert.Throws<FaultException>(() => Plan("node:20", ".devcontainer/x/devcontainer.json")).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_a_default_both_are_refused()
    {
        Assert.Contains(
            "no dev container configuration; add .devcontainer/devcontainer.json",
            Assert.Throws<FaultException>(() => Plan(CodespaceOptions.NoImage)).Message, StringComparison.Ordinal);
        Write(".devcontainer.json", "{}");
        Assert.Contains(
            ".devcontainer.json names no image; add",
            Assert.Throws<FaultException>(() => Plan(CodespaceOptions.NoImage).Refusals.ThrowIfAny()).Message, StringComparison.Ordinal);
    }

    private DevcontainerPlan Plan(string image, string? path = null) => DevcontainerPlan.Read(
        new Checkout(_checkout, Budgets.New()) { Defaults = ImageDefaults.Of(new CodespaceOptions { DefaultImage = image }) }, path, "app");

    private void Write(string path, string text)
    {
        var file = Path.Combine(_checkout, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
