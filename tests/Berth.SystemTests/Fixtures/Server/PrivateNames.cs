using System.Diagnostics;
using System.Globalization;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>
/// A mount namespace in which names lead to this machine, and what is in <c>/etc</c> may be changed: the machine's own stays as it is. It
/// is there as long as something runs in it.
/// </summary>
internal sealed class PrivateNames : IAsyncDisposable
{
    /// <summary>
    /// In the new namespace: an /etc of its own above the machine's, in memory. Files of /etc that are mounts, as in containers, would be
    /// hidden by it and are read before.
    /// </summary>
    private const string Keeper = """
        set -eu
        names=$1 folder=$2
        hosts=$(cat /etc/hosts) resolvers=$(cat /etc/resolv.conf 2>/dev/null || true)
        mount -t tmpfs -o size=16m,mode=755 tmpfs "$folder"
        mkdir "$folder/upper" "$folder/work"
        mount -t overlay -o "lowerdir=/etc,upperdir=$folder/upper,workdir=$folder/work" overlay /etc
        printf '127.0.0.1 %s\n%s\n' "$names" "$hosts" >/etc/hosts
        printf '%s\n' "$resolvers" >/etc/resolv.conf
        echo ready
        read -r _ || true
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly Process _process;

    private PrivateNames(IEnumerable<string> names) => _process = Process.Start(
        new ProcessStartInfo(
            "unshare", ["--mount", "bash", "-c", Keeper, "keeper", string.Join(' ', names), _folder.Create("etc")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

    /// <summary>What a program is started with so that it runs in it.</summary>
    public string[] Enter => ["nsenter", $"--mount=/proc/{_process.Id.ToString(CultureInfo.InvariantCulture)}/ns/mnt", "--"];

    /// <param name="names">They resolve to 127.0.0.1.</param>
    public static async Task<PrivateNames> StartAsync(params string[] names)
    {
        Requirement.Root();
        Requirement.Program("unshare");
        Requirement.Program("nsenter");
        var started = new PrivateNames(names);
        Assert.Equal("ready", await started._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        return started;
    }

    public Command Command(string program, params string[] leading) => new(Enter[0], [.. Enter[1..], program, .. leading]);

    /// <summary>A container engine in it takes the certificate for the registry's authority, as it does on any host.</summary>
    public Task TrustAsync(string registry, string certificate) => Command("sh").RunAsync(
        "-c", "mkdir -p \"/etc/docker/certs.d/$1\" && cp \"$2\" \"/etc/docker/certs.d/$1/ca.crt\"", "trust", registry, certificate);

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}
