using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Clients;

public sealed class PodmanTests(SharedServer shared) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task An_image_is_pushed_and_pulled_in_every_way_under_a_nested_name()
    {
        var podman = ContainersTools.Podman(_folder);
        var ada = await shared.Process.UserAsync("ada");
        var acme = await ada.OrganizationAsync("acme");
        var host = shared.Process.Host;
        var name = $"{host}/{acme}/tools/ci/base";

        await podman.RunWithInputAsync(ada.Token, "login", "--tls-verify=false", "-u", ada.Login, "--password-stdin", host);
        var id = await ImportAsync(podman);
        await podman.RunAsync("tag", id, name + ":latest");
        await podman.RunAsync("tag", id, name + ":2.5");
        await podman.RunAsync("push", "-q", "--tls-verify=false", "--digestfile", _folder["digest"], name + ":latest");
        await podman.RunAsync("push", "-q", "--tls-verify=false", name + ":2.5");
        var digest = await File.ReadAllTextAsync(_folder["digest"], TestContext.Current.CancellationToken);

        string[] ways = [$"{name}@{digest}", name, name + ":2.5", name + ":latest"];
        foreach (var reference in ways)
        {
            await podman.RunAsync("rmi", "-f", id);
            Assert.Equal(id, (await podman.RunAsync("pull", "-q", "--tls-verify=false", reference)).Line);
        }
    }

    [Fact]
    public async Task A_stranger_cannot_pull_what_was_just_pushed()
    {
        var podman = ContainersTools.Podman(_folder);
        var ada = await shared.Process.UserAsync("ada");
        var name = $"{shared.Process.Host}/{ada.Login}/app:1";
        await podman.RunWithInputAsync(ada.Token, "login", "--tls-verify=false", "-u", ada.Login, "--password-stdin", shared.Process.Host);
        await podman.RunAsync("push", "-q", "--tls-verify=false", await ImportAsync(podman), name);

        var refused = await ContainersTools.Podman(_folder, "stranger").RefusedAsync("pull", "--tls-verify=false", name);
        Assert.True(
            refused.Error.Contains("unauthorized", StringComparison.Ordinal) || refused.Error.Contains("denied", StringComparison.Ordinal),
            refused.All);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Returns the image's id.</summary>
    private static async Task<string> ImportAsync(Command podman) =>
        (await podman.RunAsync("import", "-q", await BaseImage.ArchiveAsync(), "base")).Line.Replace(
            "sha256:", "", StringComparison.Ordinal);
}
