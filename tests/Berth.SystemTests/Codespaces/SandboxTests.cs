using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// What a program could do after a repository took it over. Each command says HARM when it got what it wanted. Outside the sandbox it does
/// say it.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class SandboxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _id = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly Sandboxes _sandboxes;

    public SandboxTests() => _sandboxes = new Sandboxes(_folder);

    public void Dispose()
    {
        _sandboxes.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("the master key", "cat @DATA@/master.key && echo HARM")]
    [InlineData("the master key behind a link", "ln -sf @DATA@/master.key $HOME/link; cat $HOME/link && echo HARM")]
    [InlineData(
        "the master key through the root of the first process", "cat /proc/1/root@DATA@/master.key && echo HARM",
        "cat @DATA@/master.key && echo HARM")]
    [InlineData("the checkout of a neighbour", "cat @DATA@/codespaces/bob-app/workspace/app/private.txt && echo HARM")]
    [InlineData("a list of the neighbours", "ls @DATA@/codespaces/bob-app && echo HARM")]
    [InlineData("a file for the neighbour", "echo x > @DATA@/codespaces/bob-app/workspace/app/added && echo HARM")]
    [InlineData("passwords", "cat /etc/shadow && echo HARM")]
    [InlineData("accounts", "[ $(wc -l < /etc/passwd) -gt 3 ] && echo HARM")]
    [InlineData("keys of the server's user", "[ -d ~root ] && ls -d /root && echo HARM")]
    [InlineData("what runs and its sockets", "ls -d /run && echo HARM")]
    [InlineData("the machine's log and state", "ls -d /var/lib && echo HARM")]
    [InlineData("a job for cron", "[ -d /etc/cron.d ] || [ -w /etc ] && echo HARM")]
    [InlineData("the environment of the server", "[ \"$BERTH_TEST_SECRET\" = s3cret ] && echo HARM")]
    [InlineData("the environment of another process", "tr '\\0' '\\n' < /proc/@PID@/environ | grep -q BERTH_TEST_SECRET && echo HARM")]
    [InlineData("another process", "[ -d /proc/@PID@ ] && echo HARM")]
    [InlineData("the end of another process", "kill -0 @PID@ && echo HARM")]
    [InlineData("a service on this machine's loopback", "(exec 3<>/dev/tcp/127.0.0.1/@PORT@) && echo HARM")]
    [InlineData("the machine's interfaces", "grep -qv -e '^Inter' -e '^ face' -e ' lo:' /proc/net/dev && echo HARM")]
    [InlineData(
        "a service on an abstract socket",
        "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un(\"\\0berth-@ID@\")) and print \"HARM\"'")]
    [InlineData(
        "a service on a socket file",
        "perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un(\"@DATA@/engine.sock\")) and print \"HARM\"'")]
    [InlineData("a program for everybody", "touch /usr/local/berth-@ID@ && echo HARM; rm -f /usr/local/berth-@ID@")]
    [InlineData("a library for everybody", "[ -w /usr/lib ] && echo HARM")]
    [InlineData("a file beside its own", "touch @DATA@/added && echo HARM")]
    [InlineData(
        "a temporary file that others see", "touch /tmp/berth-@ID@; [ -e /tmp/.. ] && ls @SHARED@/berth-@ID@ && echo HARM",
        "touch @SHARED@/berth-@ID@ && ls @SHARED@/berth-@ID@ && echo HARM")]
    [InlineData("capabilities", "grep -q 'CapEff:.0000000000000000' /proc/self/status || echo HARM")]
    [InlineData("capabilities to be had", "grep -q 'CapBnd:.0000000000000000' /proc/self/status || echo HARM")]
    [InlineData(
        "root through a setuid program", "[ $($HOME/suid -u) = 0 ] && echo HARM",
        "[ $(setpriv --reuid=65534 --clear-groups @SHARED@/suid -u) = 0 ] && echo HARM")]
    [InlineData("another user", "setpriv --reuid=0 --clear-groups true && echo HARM")]
    [InlineData("a mount", "mount -t tmpfs none /mnt && echo HARM", "unshare --mount sh -c 'mount -t tmpfs none /mnt && echo HARM'")]
    [InlineData(
        "a writable system by another mount", "mount -o remount,rw,bind /usr && echo HARM",
        "unshare --mount sh -c 'mount --bind /usr /usr && echo HARM'")]
    [InlineData("a device file", "mknod $HOME/disk-@ID@ b 7 0 && echo HARM")]
    [InlineData("the machine's disks", "ls /dev/loop-control && echo HARM")]
    [InlineData("the kernel's settings", "[ -w /proc/sys/kernel/core_pattern ] && echo HARM")]
    [InlineData("the kernel's control files", "ls -d /sys/kernel && echo HARM")]
    [InlineData("the control groups", "ls -d /sys/fs/cgroup && echo HARM")]
    [InlineData("the kernel's key rings of root", "grep -q . /proc/keys && echo HARM", "[ -r /proc/keys ] && echo HARM")]
    [InlineData("core files", "ulimit -c unlimited && echo HARM")]
    [InlineData(
        "processes without end", "for i in $(seq 700); do sleep 1000 & done; [ $(jobs -p | wc -l) -ge 700 ] && echo HARM; kill $(jobs -p)")]
    [InlineData("memory files without end", "head -c 300M /dev/zero > /tmp/berth-@ID@ && echo HARM; rm -f /tmp/berth-@ID@")]
    [InlineData("locked memory", "[ \"$(ulimit -l)\" = 64 ] || echo HARM")]
    [InlineData("the checkout that it only reads", "touch @SHARED@/added && echo HARM")]
    [InlineData("the machine's name", "hostname berth-@ID@ && echo HARM", "unshare --uts hostname berth-@ID@ && echo HARM")]
    public async Task A_program_in_the_sandbox_does_not_get(string what, string inside, string? outside = null)
    {
        Prepare();
        using var other = Process.Start(
            new ProcessStartInfo("/bin/sleep", "100000") { Environment = { ["BERTH_TEST_SECRET"] = "s3cret" } })!;
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        using var abstractSocket = Listen(new UnixDomainSocketEndPoint("\0berth-" + _id));
        using var socket = Listen(new UnixDomainSocketEndPoint(Path.Combine(_folder["data"], "engine.sock")));
        try
        {
            var view = _sandboxes.View with { ReadOnly = [_folder["shared"]] };
            var said = await _sandboxes.InsideAsync(Fill(inside), view);
            Assert.False(said.Contains("HARM", StringComparison.Ordinal), $"{what}: {said}");
            Assert.Contains("HARM", await _sandboxes.OutsideAsync(Fill(outside ?? inside)), StringComparison.Ordinal);
        }
        finally
        {
            other.Kill();
        }

        string Fill(string command) => command
            .Replace("@DATA@", _folder["data"], StringComparison.Ordinal).Replace("@SHARED@", _folder["shared"], StringComparison.Ordinal)
            .Replace("@PID@", other.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace(
                "@PORT@", ((IPEndPoint)port.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                StringComparison.Ordinal)
            .Replace("@ID@", _id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_it_started_ends_with_it()
    {
        var marker = $"7654{RandomNumberGenerator.GetInt32(100_000, 999_999)}";
        await _sandboxes.InsideAsync($"setsid sleep {marker} >/dev/null 2>&1 </dev/null & disown; true");
        await GoneAsync(marker);

        await _sandboxes.OutsideAsync($"setsid sleep {marker} >/dev/null 2>&1 </dev/null & disown; true");

        // The shell has ended, but the process that it began may not be running sleep yet.
        await Patience.UntilAsync(() => Processes().Split('\n').Contains($"sleep {marker} "), "it goes on without its shell");
        await new Command("/usr/bin/pkill").RunAsync("--full", $"^sleep {marker}$");
    }

    [Fact]
    public async Task It_ends_after_its_time_with_all_that_it_started()
    {
        var marker = $"7655{RandomNumberGenerator.GetInt32(100_000, 999_999)}";
        await Assert.ThrowsAsync<TimeoutException>(
            () => _sandboxes.InsideAsync($"sleep {marker} & wait", timeout: TimeSpan.FromSeconds(1)));
        await GoneAsync(marker);
    }

    [Fact]
    public async Task What_it_prints_without_end_is_cut()
    {
        var said = await _sandboxes.InsideAsync("head -c 20M /dev/zero | tr '\\0' x; echo; seq 100000");
        Assert.InRange(said.Length, 1, 4 << 20);
        Assert.EndsWith("100000", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_works_with_its_home_and_its_name()
    {
        var said = await _sandboxes.InsideAsync(
            "id -un; echo here > $HOME/file; cat $HOME/file; git --version");
        Assert.StartsWith("codespace\nhere\ngit version", said, StringComparison.Ordinal);
    }

    /// <summary>The kernel has killed the processes by then, but they may not be gone yet.</summary>
    private static Task GoneAsync(string marker) =>
        Patience.UntilAsync(() => !Processes().Contains(marker, StringComparison.Ordinal), $"the processes with {marker} are gone");

    private static string Processes() =>
        string.Join(
            '\n',
            Directory.EnumerateDirectories("/proc")
                .Select(folder => Path.Combine(folder, "cmdline"))
                .Where(File.Exists)
                .Select(ReadIfThere));

    private static string ReadIfThere(string file)
    {
        try
        {
            return File.ReadAllText(file).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static Socket Listen(UnixDomainSocketEndPoint place)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(place);
        socket.Listen(4);
        return socket;
    }

    private void Prepare()
    {
        var data = _folder.Create("data");
        File.WriteAllText(Path.Combine(data, "master.key"), "key");
        var neighbour = Directory.CreateDirectory(Path.Combine(data, "codespaces", "bob-app", "workspace", "app")).FullName;
        File.WriteAllText(Path.Combine(neighbour, "private.txt"), "private");
        foreach (var place in new[] { _folder.Create("shared"), _sandboxes.Home })
        {
            File.Copy("/usr/bin/id", Path.Combine(place, "suid"));
            File.SetUnixFileMode(Path.Combine(place, "suid"), (UnixFileMode)0b100_111_101_101);
        }

        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
    }
}
