using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Clients;

/// <summary>Tests without isolation and with an address instead of a name: one host and port for everything.</summary>
public sealed class AddressTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Under_an_address_clients_and_codespaces_work_as_under_a_name()
    {
        await using var server = await ServerProcess.StartAtAsync(
            new ServerPlace("127.0.0.1"), "address", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        Assert.StartsWith("127.0.0.1:", image, StringComparison.Ordinal);

        var skopeo = ContainersTools.Skopeo(_folder);
        await skopeo.RunWithInputAsync(
            world.Ada.Token, "login", "--tls-verify=false", "-u", world.Ada.Login, "--password-stdin", server.Host);
        await skopeo.RunAsync(
            "copy", "--dest-tls-verify=false", "oci:" + await BaseImage.LayoutAsync() + ":latest",
            $"docker://{server.Host}/{world.Ada.Login}/app:1");

        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says($"allows {image}");
        Assert.Equal(
            $"{server.Url.GetLeftPart(UriPartial.Authority)}\n", (await world.ExecAsync(started.Name, "echo $BERTH_URL")).Output);
        Assert.Contains("login", (await world.ExecAsync(
            started.Name, "wget -q -O - --header \"Authorization: Bearer $BERTH_TOKEN\" $BERTH_URL/api/v3/users/$GITHUB_USER")).Output,
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
