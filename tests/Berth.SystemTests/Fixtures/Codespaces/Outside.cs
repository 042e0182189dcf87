using System.Diagnostics;
using System.Net;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// A machine that this one is connected to: a network namespace behind a pair of interfaces, with a service on <see cref="Port"/>.
/// </summary>
internal sealed class Outside : IAsyncDisposable
{
    public const int Port = 8099;
    private readonly string _name;
    private Process? _service;

    private Outside(string name, string address) => (_name, Address) = (name, address);

    public string Address { get; }

    public static async Task<Outside> CreateAsync(string network)
    {
        Requirement.Root();
        Requirement.Program("ip");
        Requirement.Program("node");
        var bytes = IPAddress.Parse(network).GetAddressBytes();
        string At(int offset) => new IPAddress([bytes[0], bytes[1], bytes[2], (byte)(bytes[3] + offset)]).ToString();
        var outside = new Outside("bo" + Convert.ToHexStringLower(bytes), At(2));

        // Removes what an interrupted run left.
        await outside.DisposeAsync();
        try
        {
            var ip = new Command("ip");
            await ip.RunAsync("netns", "add", outside._name);
            await ip.RunAsync("link", "add", outside._name, "type", "veth", "peer", "name", "eth0", "netns", outside._name);
            await ip.RunAsync("address", "add", At(1) + "/30", "dev", outside._name);
            await ip.RunAsync("link", "set", outside._name, "up");
            var inside = new Command("ip", "-n", outside._name);
            await inside.RunAsync("address", "add", At(2) + "/30", "dev", "eth0");
            await inside.RunAsync("link", "set", "eth0", "up");
            await inside.RunAsync("route", "add", "default", "via", At(1));
            outside._service = Process.Start(new ProcessStartInfo(
                "ip",
                [
                    "netns", "exec", outside._name, "node", "-e",
                    $"require('net').createServer(s => s.end('served')).listen({Port}, () => console.log('listening'))",
                ])
            { RedirectStandardOutput = true, UseShellExecute = false })!;
            Assert.Equal("listening", await outside._service.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            return outside;
        }
        catch
        {
            await outside.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _service?.Kill(entireProcessTree: true);
        _service?.Dispose();
        await new Command("ip").TryAsync(null, "link", "del", _name);
        await new Command("ip").TryAsync(null, "netns", "del", _name);
    }
}
