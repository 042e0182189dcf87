using System.Net;
using Berth.Client;
using Berth.Client.Crypto;
using Berth.Client.Wire;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Connections.Ssh;
using Berth.Server.Faults;
using Berth.Server.Settings;
using Berth.Tests.Cli;
using Berth.Tests.Codespaces.Scripted;
using Berth.Tests.TestServer;
using Microsoft.Extensions.Configuration;

namespace Berth.Tests.Codespaces.Connections;

/// <summary>
/// SSH into codespaces, as far as it works without an engine: keys, the files that the server gathers, and what clients are told.
/// </summary>
public sealed class SshTests(ScriptedServer scripted) : IClassFixture<ScriptedServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ScriptedWorld World => scripted.World;

    /// <summary>The expected public key is what OpenSSH's own ssh-keygen -y reads from the private key of this seed.</summary>
    [Fact]
    public void A_key_pair_is_written_as_OpenSSH_reads_it()
    {
        var key = OpenSshKey.FromSeed([.. Enumerable.Range(0, 32).Select(number => (byte)number)]);
        Assert.Equal("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", key.PublicKey);
        Assert.Equal(PrivateKey, key.PrivateKey);
        Assert.Equal(key.PublicKey, OpenSshKey.ReadPublic(key.PublicKey + " ada@example.com"));
        Assert.Equal(key.PublicKey, OpenSshKey.ReadPublic(key.PublicKey.Insert(40, "\n")));
        Assert.Equal(key.PublicKey, OpenSshKey.PublicOf(key.PrivateKey));
        Assert.Null(OpenSshKey.PublicOf(key.PublicKey));
        Assert.NotEqual(OpenSshKey.Create(), OpenSshKey.Create());
    }

    [Theory]
    [InlineData("")]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-ed25519 AAAA")]
    [InlineData("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")]
    [InlineData("command=\"id\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")]
    public void What_is_no_public_key_is_none(string text) => Assert.Null(OpenSshKey.ReadPublic(text));

    [Fact]
    public async Task A_codespace_has_one_host_key_that_its_creator_alone_learns()
    {
        var (name, other) = (await World.CreateAsync(), await World.CreateAsync());
        await World.AvailableAsync(name);
        using var client = new BerthClient(World.Server.Url, World.Ada.Token);
        var ssh = await client.SshAsync(name, Cancel);
        Assert.Equal("codespace", ssh.User);
        Assert.StartsWith("/workspaces/", ssh.WorkspaceFolder, StringComparison.Ordinal);
        Assert.Equal(ssh.HostKey, OpenSshKey.ReadPublic(ssh.HostKey));
        Assert.Equal(ssh, await client.SshAsync(name, Cancel));
        Assert.NotEqual(ssh.HostKey, (await client.SshAsync(other, Cancel)).HostKey);
        var bob = await World.Server.UserAsync();
        foreach (var path in new[] { "ssh", "ssh/connect" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync($"/user/codespaces/{name}/{path}")).Status);
        }
    }

    [Fact]
    public async Task A_server_without_OpenSSH_says_so_in_one_line()
    {
        await using var world = await ScriptedWorld.CreateAsync("BERTH_SSH_SERVER=/nonexistent");
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        using var client = new BerthClient(world.Server.Url, world.Ada.Token);
        var refused = await Assert.ThrowsAsync<BerthException>(
            () => client.ConnectSshAsync(name, new SshStart([OpenSshKey.Create().PublicKey]), Cancel));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal(
            "SSH into codespaces needs sshd, which is not installed on this server. Remedy: install the packages openssh-server and "
                + "libnss-wrapper on the server; codespaces need nothing",
            refused.Message);
    }

    /// <summary>
    /// The script runs on this machine, where no SSH server is mounted, as in a container that was made before there was one.
    /// </summary>
    [Fact]
    public async Task A_container_from_before_asks_for_a_rebuild_and_keys_are_checked()
    {
        var prefix = Prefix();
        await using var world = await ScriptedWorld.CreateAsync("BERTH_SSH_SERVER=" + prefix.FullName);
        File.CreateSymbolicLink(Path.Combine(world.Programs, "ldd"), "/usr/bin/ldd");
        world.Engine.Processes = command => LocalProcess.Of(command);
        var name = await world.CreateAsync();
        await world.AvailableAsync(name);
        using var client = new BerthClient(world.Server.Url, world.Ada.Token);
        Assert.Equal(
            $"the codespace's container was made before SSH was there; make a new one: berth codespace rebuild {name}",
            await EndAsync(client, name, OpenSshKey.Create().PublicKey));
        string[] many = [.. Enumerable.Range(0, 5).Select(_ => OpenSshKey.Create().PublicKey)];
        foreach (var keys in new[] { [], ["ssh-ed25519 AAAA"], many })
        {
            Assert.Equal("the connection ended before the process did", await EndAsync(client, name, keys));
        }

        prefix.Delete(recursive: true);
    }

    [Fact]
    public async Task The_server_is_gathered_once_with_loader_and_libraries()
    {
        var prefix = Prefix();
        var data = new DataOptions { Data = prefix.CreateSubdirectory("data").FullName };
        SshServerFiles Files(string? folder = null) => new(
            data, new CodespaceOptions { SshServer = folder ?? prefix.FullName }, new CodespaceTools(new ConfigurationBuilder().Build()),
            TimeProvider.System);
        async Task<string> GatherAgainAsync()
        {
            using var again = Files();
            return await again.GatherAsync(Cancel);
        }

        using var files = Files();
        var version = await files.GatherAsync(Cancel);
        var folder = Path.Combine(data.Data, "ssh-server", version);
        foreach (var name in new[] { "sshd", "sftp-server", "lib/loader", "lib/libc.so.6", "lib/libnss_wrapper.so" })
        {
            Assert.True(File.GetUnixFileMode(Path.Combine(folder, name)).HasFlag(UnixFileMode.OtherExecute), name);
        }

        Assert.Contains("ForceCommand", SshScripts.Start, StringComparison.Ordinal);
        Assert.Equal(SshScripts.Session, await File.ReadAllTextAsync(Path.Combine(folder, "session"), Cancel));
        Assert.Equal((version, version), (await files.GatherAsync(Cancel), await GatherAgainAsync()));

        // A newer server replaces the older one.
        await File.AppendAllTextAsync(Path.Combine(prefix.FullName, "usr/sbin/sshd"), " ", Cancel);
        var newer = await GatherAgainAsync();
        Assert.Equal([newer], Directory.GetDirectories(Path.Combine(data.Data, "ssh-server")).Select(Path.GetFileName));
        Assert.NotEqual(version, newer);

        prefix.CreateSubdirectory("usr/lib/openssh").CreateSubdirectory("x");
        await File.WriteAllTextAsync(Path.Combine(prefix.FullName, "usr/lib/openssh/sshd-session"), "", Cancel);
        var later = await Assert.ThrowsAsync<FaultException>(GatherAgainAsync);
        Assert.Contains("before 9.8", later.Message, StringComparison.Ordinal);
        prefix.Delete(recursive: true);
    }

    [Fact]
    public async Task The_command_line_writes_entries_for_ssh_with_a_key_for_nobody_else()
    {
        var name = await World.CreateAsync();
        await World.AvailableAsync(name);
        using var cli = new CliRun(World.Server, World.Ada.Token);
        var folder = Path.Combine(cli.Home, ".config", "berth", "ssh");
        var entry = await cli.DoAsync($"codespace ssh --config {name}");
        Assert.StartsWith($"Host {name}\n  User codespace\n  ProxyCommand ", entry, StringComparison.Ordinal);
        Assert.Contains($" codespace ssh --stdio {name}\n  IdentityFile {folder}/id_ed25519\n", entry, StringComparison.Ordinal);
        Assert.Contains($"  UserKnownHostsFile {folder}/known_hosts/{name}\n", entry, StringComparison.Ordinal);
        using var client = new BerthClient(World.Server.Url, World.Ada.Token);
        Assert.Equal(
            $"{name} {(await client.SshAsync(name, Cancel)).HostKey}\n",
            await File.ReadAllTextAsync(Path.Combine(folder, "known_hosts", name), Cancel));
        var secret = Path.Combine(folder, "id_ed25519");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));

        // The key stays the same until it is a month old. The one before it is kept, because a running ssh may have read it.
        async Task<string> KeyAsync() => OpenSshKey.PublicOf(await File.ReadAllTextAsync(secret, Cancel))!;
        var first = await KeyAsync();
        Assert.Contains(entry, await cli.DoAsync("codespace ssh --config"), StringComparison.Ordinal);
        Assert.Equal(first, await KeyAsync());
        File.SetLastWriteTimeUtc(secret, File.GetLastWriteTimeUtc(secret).AddDays(-31));
        await cli.DoAsync("codespace ssh --config");
        Assert.NotEqual(first, await KeyAsync());
        Assert.Equal(first, await File.ReadAllTextAsync(secret + ".before", Cancel));

        var link = await cli.RunAsync("codespace", "code", name, "--print");
        var repository = World.Repository.Split('/')[1];
        Assert.Equal($"vscode://vscode-remote/ssh-remote+{name}/workspaces/{repository}\n", link.Out);
        Assert.Contains($"  Include {folder}/config\n", link.Error, StringComparison.Ordinal);
        Assert.Contains(entry, await File.ReadAllTextAsync(Path.Combine(folder, "config"), Cancel), StringComparison.Ordinal);
        Assert.Equal(
            $"jetbrains-gateway://connect#type=ssh&host={name}&port=22&user=codespace&projectPath=%2Fworkspaces%2F{repository}\n",
            await cli.DoAsync($"codespace code {name} --jetbrains --print"));
        Assert.Equal(2, (await cli.RunAsync("codespace", "ssh")).ExitCode);
    }

    /// <summary>The message with which a connection ends.</summary>
    private static async Task<string> EndAsync(BerthClient client, string name, params string[] keys)
    {
        using var connection = await client.ConnectSshAsync(name, new SshStart(keys), Cancel);
        return (await Assert.ThrowsAsync<BerthException>(() => connection.ReadAsync((_, _) => Task.CompletedTask, Cancel))).Message;
    }

    /// <summary>Copies a program of this machine to the names that the programs of an SSH server have.</summary>
    private static DirectoryInfo Prefix()
    {
        var prefix = Directory.CreateTempSubdirectory("berth-sshd-");
        foreach (var file in new[] { "usr/sbin/sshd", "usr/lib/openssh/sftp-server", "usr/lib/x86_64-linux-gnu/libnss_wrapper.so" })
        {
            var path = Path.Combine(prefix.FullName, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy("/bin/true", path);
        }

        return prefix;
    }

    private const string PrivateKey = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        QyNTUxOQAAACADoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuAAAAIgAAAAAAAAA
        AAAAAAtzc2gtZWQyNTUxOQAAACADoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA
        AAAEAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwOhB7/zzhC+HXDdGOdLwJln
        5NYwm6UNXx3chmQSVTG4AAAAAAECAwQF
        -----END OPENSSH PRIVATE KEY-----

        """;
}
