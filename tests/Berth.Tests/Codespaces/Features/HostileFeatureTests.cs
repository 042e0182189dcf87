using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Berth.Server.Codespaces.Features;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Features;

/// <summary>
/// Archives of features. Anybody who can push to a registry may have written them, and they become part of a build's context.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class HostileFeatureTests
{
    private static readonly FeatureName Name = FeatureName.Parse(
        "ghcr.io/acme/features/x:1", Budgets.Checkout("/nonexistent"), "", "devcontainer.json");

    // CVE-2014-6407, CVE-2018-15664 and CVE-2019-14271: archives and links led the program that unpacked them out of its folder.
    [Theory]
    [InlineData("../berth-dockerfile", TarEntryType.RegularFile)]
    [InlineData("a/../../../etc/cron.d/x", TarEntryType.RegularFile)]
    [InlineData("/etc/cron.d/x", TarEntryType.RegularFile)]
    [InlineData("./../x", TarEntryType.Directory)]
    [InlineData("../link", TarEntryType.SymbolicLink)]
    [InlineData("hard", TarEntryType.HardLink)]
    [InlineData("disk", TarEntryType.BlockDevice)]
    [InlineData("kmsg", TarEntryType.CharacterDevice)]
    [InlineData("pipe", TarEntryType.Fifo)]
    public async Task An_entry_that_is_no_file_within_is_left_out(string path, TarEntryType type)
    {
        var layer = Pack(tar =>
        {
            var entry = new PaxTarEntry(type, path);
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            {
                entry.LinkName = "/etc/passwd";
            }

            tar.WriteEntry(entry);
        });
        Assert.Equal(["features/0/devcontainer-feature.json", "features/0/install.sh"], await RepackedAsync(layer));
    }

    [Fact]
    public async Task A_setuid_file_loses_what_makes_it_one()
    {
        var layer = Pack(
            tar => tar.WriteEntry(
                new PaxTarEntry(TarEntryType.RegularFile, "suid")
                {
                    Mode = UnixFileMode.SetUser | UnixFileMode.UserExecute | UnixFileMode.UserRead,
                }));
        using var packed = await RepackAsync(layer);
        using var reader = new TarReader(packed);
        while (reader.GetNextEntry() is { } entry)
        {
            Assert.Equal(UnixFileMode.None, entry.Mode & (UnixFileMode.SetUser | UnixFileMode.SetGroup | UnixFileMode.StickyBit));
        }
    }

    // CVE-2017-14992 and similar ones: an archive of a megabyte unpacks to a gigabyte.
    [Fact]
    public void What_unpacks_to_more_than_a_feature_is_refused_without_unpacking_it()
    {
        var layer = Pack(tar => tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "bomb") { DataStream = new Zeros(1L << 30) }));
        Assert.InRange(layer.Length, 1, 16 << 20);
        var fault = Assert.Throws<FaultException>(() => FeatureArchive.Look(layer, Name));
        Assert.Contains("no archive that can be read", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_is_larger_than_a_feature_is_refused()
    {
        // The archive has a PAX header of a gigabyte. Readers of archives take a header into memory as a whole.
        var header = new byte[512];
        Encoding.ASCII.GetBytes("PaxHeaders/x").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("0000644\00000000\00000000\010000000000\000000000000\0").CopyTo(header, 100);
        header[156] = (byte)'x';
        Encoding.ASCII.GetBytes("ustar\000").CopyTo(header, 257);
        Encoding.ASCII.GetBytes("        ").CopyTo(header, 148);
        Encoding.ASCII.GetBytes($"{Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0')}\0 ").CopyTo(header, 148);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(header);
            new Zeros(1L << 30).CopyTo(gzip);
        }

        Assert.Contains(
            "no archive that can be read", Assert.Throws<FaultException>(() => FeatureArchive.Look(packed.ToArray(), Name)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_without_end_are_refused()
    {
        var layer = Pack(tar =>
        {
            for (var i = 0; i < 10_001; i++)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, $"folder-{i}/"));
            }
        });
        Assert.Contains(
            "no archive that can be read", Assert.Throws<FaultException>(() => FeatureArchive.Look(layer, Name)).Message,
            StringComparison.Ordinal);
    }

    private static byte[] Pack(Action<TarWriter> more)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
        {
            foreach (var (path, text) in new[]
            {
                ("devcontainer-feature.json", """{"id":"x","version":"1.0.0"}"""),
                ("install.sh", "true"),
            })
            {
                tar.WriteEntry(
                    new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }

            more(tar);
        }

        return packed.ToArray();
    }

    private static async Task<MemoryStream> RepackAsync(byte[] layer)
    {
        Assert.True(FeatureArchive.Look(layer, Name).HasScript);
        var packed = new MemoryStream();
        await using (var tar = new TarWriter(packed, TarEntryFormat.Pax, leaveOpen: true))
        {
            await FeatureArchive.RepackAsync(layer, Name, tar, "features/0/", TestContext.Current.CancellationToken);
        }

        packed.Position = 0;
        return packed;
    }

    private static async Task<List<string>> RepackedAsync(byte[] layer)
    {
        using var packed = await RepackAsync(layer);
        using var reader = new TarReader(packed);
        List<string> names = [];
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    /// <summary>A stream of this many zeros, which takes no memory.</summary>
    private sealed class Zeros(long length) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get => _position; set => _position = value; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, length - _position);
            buffer.AsSpan(offset, read).Clear();
            _position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = offset;

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
