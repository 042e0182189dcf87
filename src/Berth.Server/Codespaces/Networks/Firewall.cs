using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces.Networks;

/// <summary>Adds this server's rules to the kernel and removes them. It does not know which codespaces there are.</summary>
internal sealed partial class Firewall(
    CodespaceTools tools, CodespaceHost host, DataOptions data, ListeningOptions listening, AddressOptions address,
    OutgoingOptions outgoing, TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly string[] ResolverFiles = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
    private readonly SemaphoreSlim _changing = new(1);
    private IReadOnlyList<string> _bridges = [];
    private int _guarded;
    private bool _forGuarded;

    /// <summary>Six characters that differ between servers, for names that have to be short.</summary>
    public static string Mark(string host) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(host)))[..6];

    /// <summary>The beginning of the interface names of this server's networks.</summary>
    public string BridgePrefix => "bt" + Mark(host.Name);

    private string Table => "berth_" + Mark(host.Name);

    /// <summary>Makes the rules those for these networks; without any, and nobody guarded, the table goes.</summary>
    /// <exception cref="FaultException">The kernel or this process may not; the message says what would help.</exception>
    public async Task ApplyAsync(IReadOnlyList<string> bridges, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            _bridges = bridges;
            _forGuarded = bridges.Count == 0 && _guarded > 0;
            await (bridges.Count == 0 && _guarded == 0
                ? PutAsync(FirewallRules.Remove(Table), cancellationToken)
                : WriteAsync(cancellationToken));
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>
    /// Keeps the rules in place until the result is disposed, even if there is no codespace yet. Called before a sandbox with a network
    /// runs.
    /// </summary>
    /// <exception cref="FaultException">The kernel or this process may not do so. The message says what would help.</exception>
    public async Task<IAsyncDisposable> GuardAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (!await StandsAsync(cancellationToken))
            {
                _forGuarded = _bridges.Count == 0;
                await WriteAsync(cancellationToken);
            }

            _guarded++;
            return new Guarded(this);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>True when the rules are in place. False when somebody has flushed the machine's rules.</summary>
    public async Task<bool> StandsAsync(CancellationToken cancellationToken) =>
        await TryAsync(["list", "table", "inet", Table], cancellationToken) is null;

    public void Dispose() => _changing.Dispose();

    private async Task LeaveAsync()
    {
        await _changing.WaitAsync(CancellationToken.None);
        try
        {
            _guarded--;
            if (_guarded == 0 && _forGuarded)
            {
                // Rules that protect nothing do no harm, and the next rules replace them.
                await TryAsync(["delete", "table", "inet", Table], CancellationToken.None);
                _forGuarded = false;
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken) => await PutAsync(
        FirewallRules.Write(new FirewallFacts(
            Table, BridgePrefix, _bridges, SandboxView.UsersOf(host.Name), Resolvers(), await AllowedAsync(cancellationToken), Port(),
            await BerthAsync(cancellationToken))),
        cancellationToken);

    private async Task PutAsync(string rules, CancellationToken cancellationToken)
    {
        var file = Path.Combine(data.DataPath, "codespaces-firewall.nft");
        await File.WriteAllTextAsync(file, rules, cancellationToken);
        if (await TryAsync(["-f", file], cancellationToken) is { } said)
        {
            throw new FaultException(
                FaultKind.Host,
                $"the firewall of codespaces cannot be set ({said})",
                "the server needs CAP_NET_ADMIN in the machine's own network, and nftables in the kernel");
        }
    }

    /// <summary>
    /// The name servers of this machine. systemd's own resolver on 127.0.0.53 asks other servers, and the engine gives those to containers.
    /// </summary>
    private static List<IPAddress> Resolvers() =>
    [
        .. ResolverFiles.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => NameServer().Match(line)).Where(match => match.Success)
            .Select(match => IPAddress.TryParse(match.Groups["address"].Value, out var address) ? address : null).OfType<IPAddress>()
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork || address.ScopeId == 0).Distinct(),
    ];

    private int? Port() => ListenAddress.TryParse(listening.Listen, out var listen) && listen.Port > 0 ? listen.Port : null;

    private async Task<List<IPEndPoint>> BerthAsync(CancellationToken cancellationToken)
    {
        var url = address.BaseUri;
        if (url.IsLoopback)
        {
            return [];
        }

        List<IPAddress> addresses = [];
        foreach (var name in address.HostNames)
        {
            addresses.AddRange(
                IPAddress.TryParse(name.Trim('[', ']'), out var single) ? [single] : await AddressesAsync(name, cancellationToken));
        }

        return
        [
            .. addresses.Distinct().Where(address => !IPAddress.IsLoopback(address)).Select(address => new IPEndPoint(address, url.Port)),
        ];
    }

    /// <summary>The allowed networks. A host name stands for the addresses that it has now.</summary>
    private async Task<List<IPNetwork>> AllowedAsync(CancellationToken cancellationToken)
    {
        List<IPNetwork> networks = [];
        foreach (var entry in NetworkList.Split(outgoing.AllowedNetworks))
        {
            if (IPNetwork.TryParse(entry, out var network))
            {
                networks.Add(network);
            }
            else
            {
                var addresses = IPAddress.TryParse(entry, out var single) ? [single] : await AddressesAsync(entry, cancellationToken);
                networks.AddRange(
                    addresses.Select(address => new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)));
            }
        }

        return networks;
    }

    private static async Task<IPAddress[]> AddressesAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(name, cancellationToken);
        }
        catch (SocketException)
        {
            // A name that cannot be resolved now must not stop the other rules.
            return [];
        }
    }

    private async Task<string?> TryAsync(string[] arguments, CancellationToken cancellationToken)
    {
        Queue<string> said = new();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/sbin:/usr/bin",
            ["LC_ALL"] = "C.UTF-8",
        };
        var result = await ToolProcess.RunAsync(
            tools.SystemTool("nft"), arguments, environment, "/", said.Enqueue, Timeout, time, cancellationToken);
        return result.ExitCode == 0 ? null : said.FirstOrDefault() ?? $"exit code {result.ExitCode}";
    }

    [GeneratedRegex(@"^\s*nameserver\s+(?<address>[0-9A-Fa-f.:]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameServer();

    private sealed class Guarded(Firewall firewall) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await firewall.LeaveAsync();
    }
}
