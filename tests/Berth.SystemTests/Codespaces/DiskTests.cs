using System.Security.Cryptography;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Workspaces;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.SystemTests.Codespaces;

/// <summary>The codespace's own disk limits what a container writes outside its mounts, whether or not anything watches it.</summary>
[Trait("Suite", "hostile")]
public sealed class DiskTests : IAsyncLifetime
{
    private const long Size = 64L << 20;
    private readonly TemporaryFolder _folder = new();
    private readonly CodespaceTools _tools = new(new ConfigurationBuilder().AddEnvironmentVariables().Build());
    private readonly EngineClient _engine = new(new EngineSocket("unix:///var/run/docker.sock"), TimeProvider.System);
    private readonly Command _docker = new("docker");
    private readonly string _image = $"hostile.invalid/disk{RandomNumberGenerator.GetHexString(16, lowercase: true)}:1";
    private readonly WorkspaceFilesystem _workspaces;
    private readonly CodespaceFolders _folders;
    private string? _container;

    public DiskTests()
    {
        _workspaces = new WorkspaceFilesystem(_tools, new CodespaceOptions(), TimeProvider.System);
        _folders = new CodespaceFolders(_folder.Path, "ada");
    }

    public async ValueTask InitializeAsync()
    {
        Requirement.Program("docker");
        Requirement.Program("mkfs.ext4");
        Requirement.Root();
        Requirement.That((await _docker.TryAsync(null, "version")).ExitCode == 0, "no container engine answers");
        await _docker.RunAsync("import", "--change", "CMD [\"/bin/sh\"]", await BaseImage.ArchiveAsync(), _image);
        _folders.Prepare();
        await _workspaces.MountAsync(_folders, Size, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_container is not null)
        {
            await _docker.TryAsync(null, "rm", "--force", "--volumes", _container);
        }

        await _docker.TryAsync(null, "rmi", "--force", _image);
        await _workspaces.UnmountAsync(_folders, CancellationToken.None);
        _folder.Dispose();
    }

    [Theory]
    [InlineData("bytes in its layer", "dd if=/dev/zero of=/filler bs=1M count=150 && echo HARM")]
    [InlineData("bytes in /etc/hosts", "dd if=/dev/zero bs=1M count=150 >> /etc/hosts && echo HARM")]
    [InlineData("bytes in /etc/resolv.conf", "dd if=/dev/zero bs=1M count=150 >> /etc/resolv.conf && echo HARM")]
    [InlineData("bytes in /etc/hostname", "dd if=/dev/zero bs=1M count=150 >> /etc/hostname && echo HARM")]
    [InlineData("empty files", "mkdir /f && cd /f && seq 70000 | xargs touch && echo HARM")]
    public async Task Nothing_that_a_container_writes_is_more_than_its_disk(string what, string command)
    {
        var gained = await _docker.TryAsync(null, "run", "--rm", "--network", "none", _image, "sh", "-c", command);
        Assert.True(gained.Text.Contains("HARM", StringComparison.Ordinal), $"{what} does no harm: {gained.All}");
        await StartAsync();
        var held = await ExecAsync(command);
        Assert.False(held.Text.Contains("HARM", StringComparison.Ordinal), $"{what}: {held.All}");
        Assert.Contains("No space left on device", held.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_finds_what_it_wrote_after_its_disk_was_away_and_leaves_nothing()
    {
        await StartAsync();
        await ExecAsync("echo kept > /kept; echo 10.1.2.3 more >> /etc/hosts; chmod 4755 /kept; ln -s kept /link; rm -r /home");
        await _docker.RunAsync("stop", "--time", "0", _container!);
        await _workspaces.UnmountAsync(_folders, TestContext.Current.CancellationToken);
        await LoopDeviceGoneAsync();

        await _workspaces.MountAsync(_folders, Size, TestContext.Current.CancellationToken);
        await _docker.RunAsync("start", _container!);
        Assert.Equal("kept", (await ExecAsync("cat /link; test -u /kept && ! test -e /home")).Line);
        Assert.Equal("own", (await ExecAsync("cat /etc/hostname")).Line);

        await _engine.RemoveAsync(_container!, TestContext.Current.CancellationToken);
        ContainerLayers.Sweep(_folders);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folders.Containers));
        var mounts = await File.ReadAllTextAsync("/proc/self/mountinfo", TestContext.Current.CancellationToken);
        Assert.DoesNotContain(_container!, mounts, StringComparison.Ordinal);
        await _workspaces.UnmountAsync(_folders, TestContext.Current.CancellationToken);
        await LoopDeviceGoneAsync();
    }

    /// <summary>A process that another test starts meanwhile may have a copy of the mount until it leaves it.</summary>
    private Task LoopDeviceGoneAsync() => Patience.UntilAsync(
        async () => !(await new Command("losetup", "--all").RunAsync()).Text.Contains(_folder.Path, StringComparison.Ordinal),
        "the disk has no loop device any more");

    [Fact]
    public async Task A_layer_that_lies_on_the_disk_is_as_good_as_the_engines()
    {
        await StartAsync();

        // Setuid programs and devices work there as in any container.
        var said = await ExecAsync(
            "cp /bin/busybox /su && chmod 4755 /su && mknod /null c 1 3 && echo x > /null && test -u /su && mkdir -p /a/b && mv /a /c && "
                + "grep -q own /etc/hosts && grep -q localhost /etc/hosts && echo all");
        Assert.Equal("all", said.Text.Trim().Split('\n')[^1]);
    }

    private async Task StartAsync()
    {
        _container = (await _docker.RunAsync(
            "create", "--network", "bridge", "--hostname", "own", "--workdir", "/not/there/before", _image, "sleep", "3600")).Line;
        var layers = new ContainerLayers(_engine, new CopyTree(_tools, TimeProvider.System), NullLogger<ContainerLayers>.Instance);
        await layers.PlaceAsync(_folders, _container, TestContext.Current.CancellationToken);
        await _docker.RunAsync("start", _container);
    }

    private Task<Output> ExecAsync(string command) => _docker.TryAsync(null, "exec", _container!, "sh", "-c", command);
}
