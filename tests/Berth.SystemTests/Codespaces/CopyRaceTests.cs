using System.Diagnostics;
using System.Formats.Tar;
using System.Runtime.InteropServices;
using System.Text;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// While files are copied, a program in a codespace exchanges the folder above its workspace for a link. Code that resolves the path twice
/// ends at the link's target on the machine (CVE-2026-42306, CVE-2018-15664).
/// </summary>
[Trait("Suite", "hostile")]
public sealed partial class CopyRaceTests(SharedServer shared)
{
    private const string Secret = "the machine's own file";

    /// <summary>The engine's archive calls lost this race within seconds: a slower loop made 13 mounts in 55 s.</summary>
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_folder_that_is_exchanged_for_a_link_meanwhile_leads_a_copy_nowhere()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        using var machine = new TemporaryFolder();
        var below = machine.Create("x");
        await File.WriteAllTextAsync(Path.Combine(below, "file"), Secret, TestContext.Current.CancellationToken);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "root", "workspaceFolder": "/a/x" }"""),
            ("file", "the workspace's own file"));
        await world.GrantAsync("dev", repository);
        var name = (await world.CreateAsync(repository)).Is("Available").Name;
        await world.ExecAsync(name, $"ln -s {machine.Path} /b");
        var pid = (await new Command("docker").RunAsync(
            "inspect", "--format", "{{.State.Pid}}", Assert.Single(await world.ContainersAsync(name)))).Line;

        var archive = await ArchiveAsync();

        // A program inside would exchange them with renameat2 as well. From here the attack is as fast as it can be.
        using var ends = new CancellationTokenSource();
        var exchanged = 0L;
        var attack = Task.Factory.StartNew(
            () =>
            {
                while (!ends.IsCancellationRequested)
                {
                    exchanged += Exchange(-100, $"/proc/{pid}/root/a", -100, $"/proc/{pid}/root/b", 2) == 0 ? 1 : 0;
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var (mounted, copies) = (new HashSet<string>(StringComparer.Ordinal), 0);
        try
        {
            for (var begin = Stopwatch.StartNew(); begin.Elapsed < Length; copies++)
            {
                using var answer = await world.Api.GetAsync(
                    new Uri($"/api/v3/user/codespaces/{name}/files?path=/a/x/file", UriKind.Relative),
                    TestContext.Current.CancellationToken);
                Assert.DoesNotContain(
                    Secret, Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)),
                    StringComparison.Ordinal);
                using var content = new ByteArrayContent(archive);
                using var put = await world.Api.PutAsync(
                    new Uri($"/api/v3/user/codespaces/{name}/files?path=/a/x&name=new", UriKind.Relative), content,
                    TestContext.Current.CancellationToken);
                mounted.UnionWith(Mounts(machine.Path));
            }
        }
        finally
        {
            await ends.CancelAsync();
            await attack;
            foreach (var mount in Mounts(machine.Path))
            {
                await new Command("umount").TryAsync(null, "--lazy", mount);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{copies} copies, {exchanged} exchanges, {mounted.Count} mounts");
        Assert.True(exchanged > 1000, $"only {exchanged} exchanges: the attack does not run");
        Assert.Empty(mounted);
        Assert.Equal(Secret, await File.ReadAllTextAsync(Path.Combine(below, "file"), TestContext.Current.CancellationToken));
        Assert.Single(Directory.GetFiles(below));
    }

    private static async Task<byte[]> ArchiveAsync()
    {
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            await writer.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, "new") { DataStream = new MemoryStream("x"u8.ToArray()) },
                TestContext.Current.CancellationToken);
        }

        return archive.ToArray();
    }

    /// <summary>Returns what is mounted over a path of the machine or below it.</summary>
    private static IEnumerable<string> Mounts(string path) => File.ReadAllLines("/proc/self/mountinfo")
        .Select(line => line.Split(' ')[4])
        .Where(target => target.StartsWith(path, StringComparison.Ordinal));

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Exchange(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);
}
