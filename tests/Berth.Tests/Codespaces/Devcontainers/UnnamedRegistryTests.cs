using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Plans;
using Berth.Server.Oci;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>Image names without a registry, in every form that names images.</summary>
public sealed class UnnamedRegistryTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-unnamed-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Theory]
    [InlineData("docker.io")]
    [InlineData("mirror.example:5000")]
    public void They_are_of_one_registry_wherever_they_stand(string registry)
    {
        Write("Dockerfile", "ARG V=20\nFROM node:$V AS one\nFROM acme/base\nCOPY --from=one /a /a\nCOPY --from=busybox /b /b\n");
        Write("compose.yml", "services:\n  app: {build: .}\n  db: {image: 'postgres:16', depends_on: []}\n");
        Assert.Equal($"{registry}/library/node:20", Images(registry, """{"image":"node:20"}"""));
        Assert.Equal(
            $"{registry}/library/node:20 {registry}/acme/base {registry}/library/busybox",
            Images(registry, """{"build":{"dockerfile":"Dockerfile"}}"""));
        Assert.Equal(
            $"{registry}/library/node:20 {registry}/acme/base {registry}/library/busybox {registry}/library/postgres:16",
            Images(registry, """{"dockerComposeFile":"compose.yml","service":"app"}"""));
        Assert.Equal(
            [$"{registry}/acme/features/go:1"],
            Plan(registry, """{"image":"node","features":{"acme/features/go:1":{}}}""").Features.Select(use => use.Name.Image!.ToString()));
    }

    private string Images(string registry, string configuration) =>
        string.Join(' ', Plan(registry, configuration).Images.Select(use => use.Reference.ToString()));

    private DevcontainerPlan Plan(string registry, string configuration)
    {
        Write(".devcontainer.json", configuration);
        Assert.True(RegistryHost.TryParse(registry, out var host));
        var plan = DevcontainerPlan.Read(new Checkout(_checkout, Budgets.New()) { Defaults = new ImageDefaults(host, null) }, null, "app");
        plan.Refusals.ThrowIfAny();
        return plan;
    }

    private void Write(string path, string text) => File.WriteAllText(Path.Combine(_checkout, path), text);
}
