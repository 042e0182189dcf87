using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Clients;

public sealed class BuildahTests(SharedServer shared) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task An_image_is_built_from_scratch_pushed_and_pulled_by_digest_and_tags()
    {
        var buildah = ContainersTools.Buildah(_folder);
        var ada = await shared.Process.UserAsync("ada");
        var host = shared.Process.Host;
        var name = $"{host}/{ada.Login}/built";
        await buildah.RunWithInputAsync(ada.Token, "login", "--tls-verify=false", "-u", ada.Login, "--password-stdin", host);

        var container = (await buildah.RunAsync("from", "scratch")).Line;
        await buildah.RunAsync("add", "-q", container, await BaseImage.ArchiveAsync(), "/");
        await buildah.RunAsync("config", "--cmd", "/bin/sh", "--label", "purpose=test", container);
        var id = (await buildah.RunAsync("commit", "-q", container, name + ":2.5")).Line;
        await buildah.RunAsync("push", "-q", "--tls-verify=false", "--digestfile", _folder["digest"], name + ":2.5");
        await buildah.RunAsync("push", "-q", "--tls-verify=false", name + ":2.5", $"docker://{name}:latest");
        await buildah.RunAsync("rm", container);
        var digest = await File.ReadAllTextAsync(_folder["digest"], TestContext.Current.CancellationToken);

        string[] ways = [$"{name}@{digest}", name, name + ":2.5", name + ":latest"];
        foreach (var reference in ways)
        {
            await buildah.RunAsync("rmi", "-f", id);
            Assert.Equal(id, (await buildah.RunAsync("pull", "-q", "--tls-verify=false", reference)).Line);
        }
    }

    public void Dispose() => _folder.Dispose();
}
