using System.Formats.Tar;
using Berth.Server.Codespaces.Connections.Files;

namespace Berth.Tests.Codespaces.Connections;

public sealed class RewrittenArchiveTests
{
    [Fact]
    public async Task An_archive_gets_another_root_and_loses_its_owner_and_what_gives_rights()
    {
        await using var archive = await ArchiveAsync(
            new PaxTarEntry(TarEntryType.Directory, "tree"),
            new PaxTarEntry(TarEntryType.RegularFile, "tree/run")
            {
                Mode = UnixFileMode.SetUser | UnixFileMode.UserRead | UnixFileMode.UserExecute,
                Uid = 4711,
                DataStream = new MemoryStream("text"u8.ToArray()),
            },
            new PaxTarEntry(TarEntryType.SymbolicLink, "tree/link") { LinkName = "run" });
        await using var written = new MemoryStream();
        await using (var rewritten = await RewrittenArchive.OpenAsync(archive, TestContext.Current.CancellationToken))
        {
            await rewritten.WriteAsync(written, "other", TestContext.Current.CancellationToken);
        }

        written.Position = 0;
        await using var reader = new TarReader(written);
        List<(string, TarEntryType, int, int, UnixFileMode)> entries = [];
        while (await reader.GetNextEntryAsync(copyData: false, TestContext.Current.CancellationToken) is { } entry)
        {
            entries.Add(
                (
                    entry.Name.TrimEnd('/'), entry.EntryType, entry.Uid, entry.Gid,
                    entry.Mode & (UnixFileMode.SetUser | UnixFileMode.SetGroup)));
        }

        Assert.Equal(
            [
                ("other", TarEntryType.Directory, 0, 0, UnixFileMode.None),
                ("other/run", TarEntryType.RegularFile, 0, 0, UnixFileMode.None),
                ("other/link", TarEntryType.SymbolicLink, 0, 0, UnixFileMode.None),
            ],
            entries);
    }

    [Theory]
    [InlineData(TarEntryType.RegularFile, "tree/../../etc/passwd")]
    [InlineData(TarEntryType.RegularFile, "/etc/passwd")]
    [InlineData(TarEntryType.HardLink, "tree/link")]
    [InlineData(TarEntryType.CharacterDevice, "tree/device")]
    [InlineData(TarEntryType.Fifo, "tree/pipe")]
    public async Task What_does_not_belong_into_a_copy_is_refused(TarEntryType type, string name)
    {
        var entry = new PaxTarEntry(type, name);
        if (type == TarEntryType.HardLink)
        {
            entry.LinkName = "/etc/shadow";
        }

        await using var archive = await ArchiveAsync(entry);
        await Assert.ThrowsAsync<ArchiveRefusedException>(() => RewriteAsync(archive));
    }

    [Fact]
    public async Task An_empty_archive_is_refused()
    {
        await using var archive = await ArchiveAsync();
        await Assert.ThrowsAsync<ArchiveRefusedException>(() => RewriteAsync(archive));
    }

    private static async Task RewriteAsync(Stream archive)
    {
        await using var rewritten = await RewrittenArchive.OpenAsync(archive, TestContext.Current.CancellationToken);
        await rewritten.WriteAsync(Stream.Null, "other", TestContext.Current.CancellationToken);
    }

    private static async Task<MemoryStream> ArchiveAsync(params TarEntry[] entries)
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                await writer.WriteEntryAsync(entry, TestContext.Current.CancellationToken);
            }
        }

        archive.Position = 0;
        return archive;
    }
}
