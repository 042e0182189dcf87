using System.Diagnostics;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>OpenSSH's clients of this machine, with the entries that the command line writes for ada's codespaces.</summary>
internal sealed class SshClients(CodespaceWorld world, TemporaryFolder folder)
{
    public string Config => folder["config"];

    public static async Task<SshClients> CreateAsync(CodespaceWorld world, TemporaryFolder folder, string name)
    {
        var clients = new SshClients(world, folder);
        var entry = await clients.Berth.RunAsync("codespace", "ssh", "--config", name);
        await File.WriteAllTextAsync(clients.Config, entry.Text, TestContext.Current.CancellationToken);
        return clients;
    }

    public static void Require()
    {
        foreach (var program in new[] { "ssh", "scp", "sftp", "rsync", "git", "ldd", "script" })
        {
            Requirement.Program(program);
        }

        Requirement.That(
            TestSettings.SshServer is not null || File.Exists("/usr/sbin/sshd"), "there is no OpenSSH server that codespaces could get");
    }

    public Command Berth => Program("dotnet", TestSettings.ClientDll);

    /// <summary><c>ssh</c>, <c>scp</c> or <c>sftp</c>.</summary>
    public Command Client(string program) => Program(program, "-F", Config);

    public Command Program(string program, params string[] leading)
    {
        var command = new Command(program, leading);
        foreach (var (name, value) in Environment)
        {
            command.Environment[name] = value;
        }

        return command;
    }

    /// <summary>Starts an ssh that runs until it is disposed.</summary>
    public IDisposable Background(params string[] arguments)
    {
        var info = new ProcessStartInfo("ssh", ["-F", Config, "-o", "ExitOnForwardFailure=yes", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in Environment)
        {
            info.Environment[name] = value;
        }

        return new Ended(Process.Start(info)!);
    }

    private Dictionary<string, string> Environment => new()
    {
        ["HOME"] = folder.Path,
        ["XDG_CONFIG_HOME"] = folder["settings"],
        ["BERTH_URL"] = world.Server.Url.GetLeftPart(UriPartial.Authority),
        ["BERTH_TOKEN"] = world.Ada.Token,
        ["DOTNET_CLI_HOME"] = folder.Path,
    };

    private sealed class Ended(Process process) : IDisposable
    {
        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
        }
    }
}
