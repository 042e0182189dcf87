using System.Diagnostics;
using System.Globalization;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>
/// A mount namespace in which names resolve to this machine and files in <c>/etc</c> may be changed, while the machine's own stay as they
/// are. It exists as long as a process runs in it.
/// </summary>
internal sealed class PrivateNames : IAsyncDisposable
{
    /// <summary>
    /// Runs in the new namespace, and puts an /etc in memory over the machine's. In containers some files of /etc are mounts, which would
    /// be hidden, so it reads those first.
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

    /// <summary>The command that starts a program in the namespace.</summary>
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

    /// <summary>Makes a container engine in the namespace trust the certificate for the registry, as on any host.</summary>
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
