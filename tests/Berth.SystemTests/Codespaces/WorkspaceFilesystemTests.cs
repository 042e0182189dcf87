using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Workspaces;
using Berth.SystemTests.Fixtures.Tools;
using Microsoft.Extensions.Configuration;

namespace Berth.SystemTests.Codespaces;

/// <summary>A workspace's own filesystem, as root on this machine.</summary>
[Trait("Suite", "hostile")]
public sealed class WorkspaceFilesystemTests : IAsyncLifetime
{
    private const long Size = 64L << 20;
    private readonly TemporaryFolder _folder = new();
    private readonly WorkspaceFilesystem _workspaces;
    private readonly CodespaceFolders _folders;

    public WorkspaceFilesystemTests()
    {
        _workspaces = Workspaces(new CodespaceOptions());
        _folders = new CodespaceFolders(_folder.Path, "ada app");
    }

    public ValueTask InitializeAsync()
    {
        Requirement.Root();
        Requirement.Program("mkfs.ext4");
        Requirement.That(File.Exists("/dev/loop-control"), "there are no loop devices here");
        _folders.Prepare();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _workspaces.UnmountAsync(_folders, CancellationToken.None);
        _folder.Dispose();
    }

    [Fact]
    public async Task A_full_disk_is_the_codespaces_and_not_the_hosts()
    {
        await MountAsync();
        var said = await new Command("dd", "if=/dev/zero", $"of={_folders.Workspaces}/filler", "bs=1M", "count=200").RefusedAsync();
        Assert.Contains("No space left on device", said.All, StringComparison.Ordinal);
        await new Command("dd", "if=/dev/zero", $"of={_folder["beside"]}", "bs=1M", "count=1").RunAsync();

        // A full disk is as large as it was meant to be, and works again when there is room.
        Assert.InRange(await OccupiedAsync(), 1, Size);
        File.Delete(Path.Combine(_folders.Workspaces, "filler"));
        await File.WriteAllTextAsync(Path.Combine(_folders.Workspaces, "file"), "x", TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(
        "a setuid program gives its owner's rights",
        "cp /usr/bin/id PLACE/suid && chmod 4755 PLACE/suid && [ $(setpriv --reuid=65534 --clear-groups PLACE/suid -u) = 0 ]")]
    [InlineData(
        "a setgid program gives its group's rights",
        "cp /usr/bin/id PLACE/sgid && chmod 2755 PLACE/sgid && [ $(setpriv --reuid=65534 --regid=65534 --clear-groups PLACE/sgid -g) = 0 "
            + "]")]
    [InlineData(
        "a program with capabilities has them",
        "cp /usr/bin/cat PLACE/cat && perl -e '$n = \"security.capability\"; $v = pack(\"V5\", 0x2000001, 0x6, 0, 0, 0); syscall(`uname "
            + "-m` =~ /x86/ ? 188 : 5, $ARGV[0], $n, $v, 20, 0) == 0 or die' PLACE/cat && setpriv --reuid=65534 --clear-groups PLACE/cat "
            + "/etc/shadow > /dev/null")]
    [InlineData("a device file is the device", "mknod PLACE/zero c 1 5 && head -c 1 PLACE/zero > /dev/null")]
    [InlineData("a hard link leads to a file of the host", "ln OUTSIDE PLACE/link")]
    public async Task A_file_of_a_workspace_gains_nothing_on_the_host(string what, string command)
    {
        await MountAsync();
        await File.WriteAllTextAsync(_folder["outside"], "x", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
        foreach (var folder in new[] { "codespaces", "codespaces/ada app" })
        {
            File.SetUnixFileMode(_folder[folder], (UnixFileMode)0b111_101_101);
        }

        // In a plain folder, without its own filesystem, it does harm.
        var plain = _folder.Create("plain");
        Assert.True((await RunAsync(plain)).ExitCode == 0, $"{what} does no harm: {(await RunAsync(plain)).All}");
        Assert.False((await RunAsync(_folders.Workspaces)).ExitCode == 0, what);

        Task<Output> RunAsync(string place) => new Command("/bin/bash", "-c").TryAsync(
            null,
            command.Replace("PLACE", $"'{place}'", StringComparison.Ordinal)
                .Replace("OUTSIDE", _folder["outside"], StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_is_mounted_once_keeps_its_files_and_leaves_no_loop_device()
    {
        await MountAsync();
        await File.WriteAllTextAsync(Path.Combine(_folders.Workspaces, "file"), "kept", TestContext.Current.CancellationToken);
        await MountAsync();
        var mount = WorkspaceFilesystem.MountOf(_folders)!.Value;
        Assert.Contains("nosuid", mount.Options, StringComparison.Ordinal);
        Assert.Contains("nodev", mount.Options, StringComparison.Ordinal);
        Assert.Single(File.ReadLines("/proc/self/mountinfo"), line => line.Contains(_folder.Path, StringComparison.Ordinal));

        await _workspaces.UnmountAsync(_folders, TestContext.Current.CancellationToken);
        await _workspaces.UnmountAsync(_folders, TestContext.Current.CancellationToken);
        Assert.False(File.Exists(Path.Combine(_folders.Workspaces, "file")));
        Assert.DoesNotContain(_folder.Path, (await new Command("losetup", "--all").RunAsync()).Text, StringComparison.Ordinal);

        await MountAsync();
        Assert.Equal("kept", await File.ReadAllTextAsync(Path.Combine(_folders.Workspaces, "file"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task It_grows_with_a_larger_machine_and_never_shrinks()
    {
        await MountAsync();
        var small = new DriveInfo(_folders.Workspaces).TotalSize;
        await _workspaces.MountAsync(_folders, 3 * Size, TestContext.Current.CancellationToken);
        var large = new DriveInfo(_folders.Workspaces).TotalSize;
        Assert.InRange(large, 2 * small, 4 * small);
        await MountAsync();
        Assert.Equal(large, new DriveInfo(_folders.Workspaces).TotalSize);
    }

    [Fact]
    public async Task A_file_that_is_still_open_does_not_hold_it()
    {
        await MountAsync();
        await using var open = File.Create(Path.Combine(_folders.Workspaces, "open"));
        await _workspaces.UnmountAsync(_folders, TestContext.Current.CancellationToken);
        Assert.Null(WorkspaceFilesystem.MountOf(_folders));
    }

    [Fact]
    public async Task Without_loop_devices_a_setting_keeps_workspaces_in_folders()
    {
        await Workspaces(new CodespaceOptions { Workspaces = "folder" }).MountAsync(_folders, Size, TestContext.Current.CancellationToken);
        Assert.Null(WorkspaceFilesystem.MountOf(_folders));
        Assert.True(Directory.Exists(_folders.Workspaces));
    }

    private static WorkspaceFilesystem Workspaces(CodespaceOptions options) =>
        new(new CodespaceTools(new ConfigurationBuilder().AddEnvironmentVariables().Build()), options, TimeProvider.System);

    private Task MountAsync() => _workspaces.MountAsync(_folders, Size, TestContext.Current.CancellationToken);

    private async Task<long> OccupiedAsync() => long.Parse(
        (await new Command("stat", "--format=%b").RunAsync(_folders.WorkspaceImage)).Line,
        System.Globalization.CultureInfo.InvariantCulture) * 512;
}
