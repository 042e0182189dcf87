using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Berth.Server.Codespaces.Networks;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// What a codespace reaches through its network, on the real engine. A container on an ordinary network, which reaches everything, is
/// compared with it.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class NetworkTests(SharedServer shared)
{
    private const string Metadata = "169.254.169.254";

    [Fact]
    public async Task A_codespace_reaches_neither_the_host_nor_link_local_addresses_nor_neighbours()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        Requirement.Program("nft");
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var (first, second) = (
            (await world.CreateAsync(repository)).Is("Available"), (await world.CreateAsync(repository)).Is("Available"));
        var own = Assert.Single(await world.ContainersAsync(first.Name));
        var neighbour = Assert.Single(await world.ContainersAsync(second.Name));
        var pinned = (await DockerAsync("inspect", "--format", "{{.Config.Image}}", own)).Line;

        // Beside the codespaces there are a container that has nothing to do with Berth, and services on every address of this machine and
        // on a metadata address.
        var plain = await PlainNetworkAsync();
        var outsider = (await DockerAsync("run", "--detach", "--network", plain, pinned, "/bin/sh", "-c", "nc -ll -p 8080 -e true")).Line;
        var metadata = await MetadataAddressAsync();
        var host = await OwnAddressAsync();
        using var listener = Listen();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        try
        {
            foreach (var container in new[] { own, neighbour })
            {
                await DockerAsync("exec", "--detach", container, "/bin/sh", "-c", "nc -ll -p 8080 -e true");
            }

            foreach (var container in new[] { own, neighbour, outsider })
            {
                await Patience.UntilAsync(() => ReachesAsync(container, "127.0.0.1", 8080), "what listens in the containers is there");
            }

            var gateway = await FormatAsync(own, "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}");
            var outsidersGateway = await FormatAsync(outsider, "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}");
            foreach (var (what, address, at) in new (string, string, int)[]
            {
                ("this machine, by the bridge of the codespace", gateway, port),
                ("this machine, by another bridge", outsidersGateway, port),
                ("this machine, by its own address", host, port),
                ("Berth's own port, by the bridge", gateway, new Uri(world.Server.Url.ToString()).Port),
                ("a metadata address", Metadata, port),
                ("a container that is not Berth's", await AddressAsync(outsider), 8080),
                ("a neighbour", await AddressAsync(neighbour), 8080),
            })
            {
                Assert.True(!await ReachesAsync(own, address, at), $"{what} ({address}:{at}) is reached");
            }

            // A container on an ordinary network reaches the same places, since nothing is in between.
            foreach (var (address, at) in new[]
            {
                (outsidersGateway, port),
                (host, port),
                (Metadata, port),
                (await AddressAsync(outsider), 8080),
            })
            {
                Assert.True(await ReachesAsync(outsider, address, at), $"{address}:{at} is not reached from outside the boundary");
            }

            // Nobody else can open a connection to a codespace. It can reach itself.
            Assert.False(await ReachesAsync(outsider, await AddressAsync(own), 8080));
            Assert.True(await ReachesAsync(own, await AddressAsync(own), 8080));
        }
        finally
        {
            await new Command("docker").TryAsync(null, "rm", "--force", outsider);
            await new Command("docker").TryAsync(null, "network", "rm", plain);
            await new Command("ip").TryAsync(null, "address", "del", host + "/32", "dev", "lo");
            if (metadata)
            {
                await new Command("ip").TryAsync(null, "address", "del", Metadata + "/32", "dev", "lo");
            }
        }
    }

    [Fact]
    public async Task Without_the_firewall_the_neighbour_is_kept_apart_by_the_engine_and_the_host_is_open()
    {
        // This shows what the firewall adds, by its absence: a network of the engine like a codespace's, without the table.
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        await new Command("skopeo", "copy", "--src-tls-verify=false", "--src-creds", "admin:" + ServerProcess.AdminToken)
            .RunAsync("docker://" + image, "docker-daemon:" + image);
        var name = Accounts.Unique("open");
        await EngineNetwork.CreateAsync(name);
        using var listener = Listen();
        try
        {
            var container = (await DockerAsync("run", "--detach", "--name", name, "--network", name, image, "sleep", "600")).Line;
            var gateway = await FormatAsync(container, "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}");
            Assert.True(await ReachesAsync(container, gateway, ((IPEndPoint)listener.LocalEndpoint).Port));
        }
        finally
        {
            await new Command("docker").TryAsync(null, "rm", "--force", name);
            await new Command("docker").TryAsync(null, "network", "rm", name);
        }
    }

    [Fact]
    public async Task A_codespace_reaches_the_internet_and_what_the_operator_allows()
    {
        // Machines outside, each a network namespace behind this one. The first has an address of the internet, the second a private one
        // that a setting allows, the third a private one that no setting allows.
        var id = RandomNumberGenerator.GetInt32(1, 63) * 4;
        await using var internet = await Outside.CreateAsync($"11.222.111.{id}");
        await using var allowed = await Outside.CreateAsync($"10.254.111.{id}");
        await using var denied = await Outside.CreateAsync($"10.254.112.{id}");
        await using var server = await ServerProcess.StartAsync(
            "networks-outside", null, "BERTH_ALLOW_FILE_CLONE=true", $"BERTH_ALLOWED_NETWORKS={allowed.Address}/32");
        await using var world = await CodespaceWorld.CreateAsync(server);
        Requirement.Program("nft");
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        var own = Assert.Single(await world.ContainersAsync(started.Name));

        Assert.True(await ReachesAsync(own, internet.Address, Outside.Port), "the internet");
        Assert.True(await ReachesAsync(own, allowed.Address, Outside.Port), "an allowed network");
        Assert.False(await ReachesAsync(own, denied.Address, Outside.Port), "another private network");

        // From an ordinary network the third machine answers, so it is the firewall that keeps the codespace from it.
        var plain = await PlainNetworkAsync();
        var outsider = (await DockerAsync(
            "run", "--detach", "--network", plain, (await FormatAsync(own, "{{.Config.Image}}")), "sleep", "600")).Line;
        try
        {
            Assert.True(await ReachesAsync(outsider, denied.Address, Outside.Port), "the third machine is not there");
        }
        finally
        {
            await new Command("docker").TryAsync(null, "rm", "--force", outsider);
            await new Command("docker").TryAsync(null, "network", "rm", plain);
            await world.DeleteAsync(started.Name);
        }
    }

    [Fact]
    public async Task The_network_and_its_rules_go_with_the_codespace()
    {
        await using var server = await ServerProcess.StartAsync("networks", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available");
        Assert.Contains("berth-" + started.Name, (await DockerAsync("network", "ls")).Text, StringComparison.Ordinal);
        Assert.Equal(0, (await TableAsync(server)).ExitCode);

        (await world.StopAsync(started.Name)).Is("Shutdown");
        Assert.DoesNotContain(
            started.Name, await File.ReadAllTextAsync("/proc/self/mounts", TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        (await world.StartAsync(started.Name)).Is("Available");
        Assert.Contains(
            started.Name, await File.ReadAllTextAsync("/proc/self/mounts", TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        await world.DeleteAsync(started.Name);
        Assert.DoesNotContain("berth-" + started.Name, (await DockerAsync("network", "ls")).Text, StringComparison.Ordinal);
        Assert.NotEqual(0, (await TableAsync(server)).ExitCode);
        Assert.DoesNotContain(started.Name, (await new Command("losetup", "--all").RunAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_that_somebody_reloads_away_come_back()
    {
        await using var server = await ServerProcess.StartAsync("networks-flushed", null, "BERTH_ALLOW_FILE_CLONE=true");
        await using var world = await CodespaceWorld.CreateAsync(server);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{"image":"{{image}}"}"""));
        await world.GrantAsync("dev", repository);
        var container = Assert.Single(await world.ContainersAsync((await world.CreateAsync(repository)).Is("Available").Name));
        var gateway = await FormatAsync(container, "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}");
        using var listener = Listen();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Assert.False(await ReachesAsync(container, gateway, port));

        // The server looks after its rules every quarter of a minute, so it is paused meanwhile.
        await server.StandStillAsync();
        try
        {
            await new Command("nft").RunAsync("delete", "table", "inet", "berth_" + Firewall.Mark(await HostAsync(server)));
            Assert.True(await ReachesAsync(container, gateway, port), "without the table the host is open");
        }
        finally
        {
            await server.GoOnAsync();
        }

        await Patience.UntilAsync(async () => (await TableAsync(server)).ExitCode == 0, "the table is back");
        Assert.False(await ReachesAsync(container, gateway, port), "the host is open although the table is back");
    }

    private static async Task<Output> TableAsync(ServerProcess server) =>
        await new Command("nft").TryAsync(null, "list", "table", "inet", "berth_" + Firewall.Mark(await HostAsync(server)));

    private static async Task<string> HostAsync(ServerProcess server) =>
        (await File.ReadAllTextAsync(Path.Combine(server.Data, "codespaces-host"), TestContext.Current.CancellationToken)).Trim();

    private static Task<Output> DockerAsync(params string[] arguments) => new Command("docker").RunAsync(arguments);

    private static async Task<string> FormatAsync(string container, string format) =>
        (await DockerAsync("inspect", "--format", format, container)).Line;

    /// <summary>Makes a network as anybody would. It is not the engine's own, which another engine on the machine takes away.</summary>
    private static async Task<string> PlainNetworkAsync()
    {
        var name = Accounts.Unique("plain");
        await EngineNetwork.CreateAsync(name);
        return name;
    }

    private static Task<string> AddressAsync(string container) =>
        FormatAsync(container, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");

    /// <summary>Listens on every address of this machine, and closes each connection at once.</summary>
    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        _ = AcceptAsync();
        return listener;

        async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    (await listener.AcceptTcpClientAsync()).Dispose();
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
            }
        }
    }

    /// <summary>busybox's nc ends with 0 when it was connected and its input ends.</summary>
    private static async Task<bool> ReachesAsync(string container, string address, int port) =>
        (await new Command("docker")
            .TryAsync(
                null, "exec", container, "/bin/sh", "-c", $"timeout 10 nc -w 2 {address} {port} </dev/null >/dev/null 2>&1")).ExitCode == 0;

    /// <summary>
    /// Adds an address to this machine, like that of a network card. It stays, whatever other tests do with their networks.
    /// </summary>
    private static async Task<string> OwnAddressAsync()
    {
        var address = $"11.222.113.{RandomNumberGenerator.GetInt32(1, 255)}";
        await new Command("ip").RunAsync("address", "replace", address + "/32", "dev", "lo");
        return address;
    }

    /// <summary>Adds the address of the service that a cloud has for its machines. True when it was added here.</summary>
    private static async Task<bool> MetadataAddressAsync() =>
        (await new Command("ip").TryAsync(null, "address", "add", Metadata + "/32", "dev", "lo")).ExitCode == 0;
}
