using System.Globalization;
using System.Security.Cryptography;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Isolation;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// The real engine, with a host and a neighbour that could be harmed. The host has a secret, a process and a network. The neighbour has a
/// container, a volume and a network.
/// </summary>
public sealed class HostileEngine : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _id = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private string _neighbour = "";

    internal string Image => $"hostile.invalid/{_id}/dev:1";

    internal Command Raw { get; } = new("docker");

    /// <summary>
    /// An ordinary network of the engine. It is not the engine's own bridge, which another engine on the machine takes away.
    /// </summary>
    internal string Network => "raw-net-" + _id;

    internal string Own => "own-" + _id;

    public async ValueTask InitializeAsync()
    {
        Requirement.Program("docker");
        Requirement.Root();
        Requirement.That((await Raw.TryAsync(null, "version")).ExitCode == 0, "no container engine answers");
        await File.WriteAllTextAsync(_folder["secret"], "HARM");
        await File.WriteAllTextAsync($"/dev/shm/berth-{_id}", "HARM");
        _folder.Create("workspace");
        await Raw.RunAsync("import", "--change", "CMD [\"/bin/sh\"]", await BaseImage.ArchiveAsync(), Image);
        await Raw.RunAsync("tag", Image, Fill("@NEIGHBOUR_IMAGE@"));
        await Raw.RunAsync("tag", Image, Fill("hostile.invalid/@ID@/doomed:1"));
        await EngineNetwork.CreateAsync(Fill("@NEIGHBOUR_NETWORK@"), "--label", "test=" + _id);
        await EngineNetwork.CreateAsync(Network, "--label", "test=" + _id);
        await EngineNetwork.CreateAsync("own-net-" + _id, "--internal", "--label", "test=" + _id);
        await Raw.RunAsync(
            "run", "--detach", "--init", "--network", Fill("@NEIGHBOUR_NETWORK@"), "--name", Fill("@NEIGHBOUR@"), "--hostname", "neighbour",
            "--ipc", "shareable", "--label", "berth.codespace=bob-" + _id, "--env", "PRIVATE=HARM",
            "--volume", Fill("@NEIGHBOUR_VOLUME@:/data"), Image,
            "sh", "-c",
            "echo HARM > /private; echo HARM > /data/private; echo HARM > /dev/shm/private; echo HARM; nc -ll -p 8080 -e echo HARM & exec "
                + "sleep 3600");

        // 1F90 is the port 8080, and 0A is a listener. Everything above is there by then.
        await Patience.UntilAsync(
            async () =>
                (await Raw.TryAsync(
                    null, "exec", Fill("@NEIGHBOUR@"), "grep", "-q", ":1F90 .* 0A ", "/proc/net/tcp", "/proc/net/tcp6")).ExitCode == 0,
            "the neighbour serves");
        _neighbour = (await Raw.RunAsync(
            "inspect", "--format", $"{{{{(index .NetworkSettings.Networks \"{Fill("@NEIGHBOUR_NETWORK@")}\").IPAddress}}}}",
            Fill("@NEIGHBOUR@"))).Line;
        await StartOwnAsync();
    }

    /// <summary>Starts the container that Berth asks for, with a machine of one core, 64 MiB and 64 processes.</summary>
    private async Task StartOwnAsync()
    {
        var plan = new ContainerPlan(Image, new MachineLimits(1, 64 << 20, 64), new ContainerNetwork.None())
        {
            Command = ["sleep", "3600"],
            Init = true,
        };
        var policy = new ContainerPolicy(
            new Codespace { Name = Own }, new CodespaceFolders(_folder.Path, Own));
        var client = new EngineClient(new EngineSocket("unix:///var/run/docker.sock"), TimeProvider.System);
        await client.StartAsync(
            await client.CreateContainerAsync(Fill("@OWN@"), policy.Write(plan), TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken);
    }

    internal string Fill(string text) => text
        .Replace("@IMAGE@", Image, StringComparison.Ordinal).Replace("@OWN@", "berth-" + Own, StringComparison.Ordinal)
        .Replace("@NEIGHBOUR_IMAGE@", $"hostile.invalid/{_id}/private:1", StringComparison.Ordinal).Replace(
            "@NEIGHBOUR_VOLUME@", "private-" + _id, StringComparison.Ordinal)
        .Replace("@NEIGHBOUR_NETWORK@", "private-net-" + _id, StringComparison.Ordinal).Replace(
            "@NEIGHBOUR_ADDRESS@", _neighbour, StringComparison.Ordinal).Replace(
            "@NEIGHBOUR@", "neighbour-" + _id, StringComparison.Ordinal)
        .Replace("@FOLDER@", _folder.Path, StringComparison.Ordinal).Replace("@ID@", _id, StringComparison.Ordinal)
        .Replace("@PID@", System.Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("@HOST@", System.Environment.MachineName, StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await Raw.TryAsync(null, "rm", "--force", "--volumes", Fill("@OWN@"), Fill("@NEIGHBOUR@"), "raw-" + _id);
        await Raw.TryAsync(null, "volume", "rm", "--force", Fill("@NEIGHBOUR_VOLUME@"));
        await Raw.TryAsync(null, "network", "rm", Fill("@NEIGHBOUR_NETWORK@"), Network, "own-net-" + _id);
        await Raw.TryAsync(
            null, "rmi", "--force", Image, Fill("@NEIGHBOUR_IMAGE@"), $"hostile.invalid/{_id}/taken:1", $"hostile.invalid/{_id}/doomed:1");
        foreach (var group in Directory.EnumerateDirectories(
            "/sys/fs/cgroup", "berth-hostile.slice", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }))
        {
            await new Command("rmdir").TryAsync(null, group);
        }

        File.Delete($"/dev/shm/berth-{_id}");
        _folder.Dispose();
    }
}
