using System.Net;
using System.Net.Sockets;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>OpenSSH's own clients, and what goes over them, in codespaces whose images have no SSH server.</summary>
public sealed class SshTests(SharedServer shared)
{
    private const string WebServer = "mkdir -p /tmp/www && echo 'hello from inside' > /tmp/www/index.html && httpd -p 127.0.0.1:8080 -h "
        + "/tmp/www";

    /// <summary>The user has a shell that is not in /etc/shells. Another C library than the SSH server's is in the way.</summary>
    [Fact]
    public async Task People_and_their_tools_work_in_it_as_an_ordinary_user()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        SshClients.Require();
        using var folder = new TemporaryFolder();
        var layer = await ProgramsLayer.CreateAsync(
            folder, ["bash", "git", "git-upload-pack", "git-receive-pack", "rsync"],
            ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndev:x:1000:1000::/home/dev:/usr/bin/bash\n"), ("etc/shells", "/bin/sh\n"));
        var image = await world.ImageAsync("dev", layer);
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer.json", $$"""
                {
                  "image": "{{image}}", "remoteUser": "dev", "remoteEnv": { "FROM_CONFIGURATION": "it's\nhere" },
                  "containerEnv": { "LD_LIBRARY_PATH": "/nowhere" }
                }
                """));
        await world.GrantAsync("dev", repository);
        await world.SecretAsync(repository, "DEPLOY_KEY", "a 'secret' \"value\" $HOME");
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        var clients = await SshClients.CreateAsync(world, folder, name);

        // First a command with its environment, folder and exit code. Then a terminal, a login shell, and a script, with which editors
        // begin.
        var ssh = clients.Client("ssh");
        Assert.Equal(
            "dev\n/workspaces/app\na 'secret' \"value\" $HOME\nit's\nhere\n/usr/bin/bash /home/dev\n",
            (await ssh.RunAsync(
                name, "id -un; pwd; echo \"$DEPLOY_KEY\"; echo \"$FROM_CONFIGURATION\"; echo $SHELL $HOME")).Text);
        Assert.Equal(7, (await ssh.TryAsync(null, name, "cat; exit 7")).ExitCode);
        var terminal = await clients.Program("script", "--quiet", "--return", "/dev/null", "--command").TryAsync(
            null,
            $"stty rows 40 cols 100; TERM=vt100 ssh -F {clients.Config} -t {name} "
                + "'tty; stty size; echo $TERM; ls -l $(tty) | cut -c1-10; exit 9'");

        // At the end of its input script(1) types a NUL, which can appear anywhere in what the terminal shows.
        var shown = terminal.Text.Replace("^@", "", StringComparison.Ordinal);
        Assert.Contains("/dev/pts/", shown, StringComparison.Ordinal);
        Assert.Contains("\r\n40 100\r\nvt100\r\ncrw--w----\r\n", shown, StringComparison.Ordinal);
        Assert.Equal(9, terminal.ExitCode);
        Assert.Equal("on\n", (await ssh.RunWithInputAsync("shopt login_shell | grep -o on$\n", name)).Text);
        Assert.Equal("from a script\n", (await ssh.RunWithInputAsync("echo from a script\n", name, "bash")).Text);

        // Files are copied in three ways, and by git.
        await File.WriteAllTextAsync(folder["one"], "content", TestContext.Current.CancellationToken);
        await clients.Client("scp").RunAsync(folder["one"], name + ":two");
        await clients.Client("scp").RunAsync(name + ":/workspaces/app/two", folder["three"]);
        Assert.Equal("content", await File.ReadAllTextAsync(folder["three"], TestContext.Current.CancellationToken));
        var sftp = await clients.Client("sftp").RunWithInputAsync("rename two four\npwd\nls four\n", "-b", "-", name);
        Assert.Contains("/workspaces/app\n", sftp.Text, StringComparison.Ordinal);
        await new Command("dd", "if=/dev/urandom", "of=" + folder["large"], "bs=1M", "count=12").RunAsync();
        await clients.Program("rsync").RunAsync("-e", "ssh -F " + clients.Config, "-a", folder["large"], name + ":large");
        Assert.Equal(
            (await new Command("sha256sum").RunAsync(folder["large"])).Text.Split(' ')[0],
            (await ssh.RunAsync(name, "sha256sum large")).Text.Split(' ')[0]);
        var git = clients.Program("git");
        git.Environment["GIT_SSH_COMMAND"] = "ssh -F " + clients.Config;
        await git.RunAsync("clone", "--quiet", $"{name}:/workspaces/app", folder["clone"]);
        await git.RunAsync("-C", folder["clone"], "push", "--quiet", "origin", "HEAD:refs/heads/from-outside");
        Assert.Contains("from-outside", (await ssh.RunAsync(name, "git branch --list 'from*'")).Text, StringComparison.Ordinal);

        // An agent, and ports: one inside reached from here, directly and by a proxy, and one here reached from inside.
        await ssh.RunAsync("-A", name, "test -S $SSH_AUTH_SOCK");
        await ssh.RunAsync(name, WebServer);
        var (local, proxy) = (FreePort(), FreePort());
        using (clients.Background("-N", "-L", $"{local}:127.0.0.1:8080", name))
        {
            Assert.Equal("hello from inside\n", await GetAsync($"http://127.0.0.1:{local}/", null));
        }

        using (clients.Background("-T", "-D", $"{proxy}", name, "bash", "-c", "'read'"))
        {
            Assert.Equal("hello from inside\n", await GetAsync("http://localhost:8080/", $"socks5://127.0.0.1:{proxy}"));
        }

        var back = await ssh.RunAsync(
            "-R", $"18080:127.0.0.1:{world.Server.Url.Port}", name, "wget -qO- http://127.0.0.1:18080/healthz");
        Assert.NotEqual("", back.Text);

        // A stopped codespace is started. Nothing of a connection stays.
        (await world.StopAsync(name)).Is("Shutdown");
        var berth = clients.Berth;
        Assert.Equal("dev\n", (await berth.RunAsync("codespace", "ssh", name, "--", "id", "-un")).Text);
        Assert.Equal(9, (await berth.TryAsync(null, "codespace", "ssh", name, "--", "exit", "9")).ExitCode);
        await Patience.UntilAsync(
            async () => (await world.ExecAsync(name, "ps | grep -c '[s]shd -i'")).Output == "0\n", "no SSH server is left");
    }

    [Fact]
    public async Task An_image_of_busybox_and_root_is_enough()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        SshClients.Require();
        using var folder = new TemporaryFolder();
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "root" }"""));
        await world.GrantAsync("dev", repository);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        var clients = await SshClients.CreateAsync(world, folder, name);
        var ssh = clients.Client("ssh");
        Assert.Equal("root /workspaces/app true\n", (await ssh.RunAsync(name, "echo $(id -un) $PWD $CODESPACES")).Text);
        Assert.Equal(5, (await ssh.TryAsync(null, name, "exit 5")).ExitCode);
        Assert.Contains("/dev/pts/", (await ssh.RunAsync("-tt", name, "tty")).Text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["one"], "content", TestContext.Current.CancellationToken);
        await clients.Client("scp").RunAsync(folder["one"], name + ":/root/two");
        await clients.Client("sftp").RunWithInputAsync($"get /root/two {folder["three"]}\n", "-b", "-", name);
        Assert.Equal("content", await File.ReadAllTextAsync(folder["three"], TestContext.Current.CancellationToken));

        // Where the machine has file systems of programs (FUSE), a folder of the codespace is mounted here.
        if (File.Exists("/dev/fuse") && (await new Command("sh", "-c").TryAsync(null, "command -v sshfs")).ExitCode == 0)
        {
            var mounted = folder.Create("mounted");
            await clients.Program("sshfs").RunAsync(name + ":/root", mounted, "-F", clients.Config);
            try
            {
                await File.WriteAllTextAsync(Path.Combine(mounted, "four"), "by sshfs", TestContext.Current.CancellationToken);
                Assert.Equal("contentby sshfs", (await world.ExecAsync(name, "cat /root/two /root/four")).Output);
            }
            finally
            {
                await new Command("umount").TryAsync(null, mounted);
            }
        }

        // Somebody who knows the name, but has no token for it, gets nowhere. Nobody inside can change the server.
        var stranger = clients.Client("ssh");
        stranger.Environment["BERTH_TOKEN"] = (await world.Server.UserAsync("bob")).Token;
        Assert.Equal(255, (await stranger.TryAsync(null, name, "id")).ExitCode);
        Assert.NotEqual(0, (await world.ExecAsync(name, "touch /run/berth/ssh-server/x")).ExitCode);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Repeats the request until somebody answers.</summary>
    private static async Task<string> GetAsync(string address, string? proxy)
    {
        using var client = new HttpClient(
            new SocketsHttpHandler { UseProxy = proxy is not null, Proxy = proxy is null ? null : new WebProxy(proxy) });
        var text = "";
        await Patience.UntilAsync(
            async () =>
            {
                try
                {
                    text = await client.GetStringAsync(new Uri(address), TestContext.Current.CancellationToken);
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            address + " answers");
        return text;
    }
}
