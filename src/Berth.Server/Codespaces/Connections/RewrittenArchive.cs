using System.Formats.Tar;

namespace Berth.Server.Codespaces.Connections;

/// <summary>
/// A tar archive on its way into a codespace, written anew entry by entry: under another first name, with another owner, and only with what
/// may be in it.
/// </summary>
internal sealed class RewrittenArchive(Stream source, string root, (int User, int Group) owner)
{
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;
    private const int MostEntries = 1_000_000;

    /// <exception cref="ArchiveRefusedException">It holds what may not come in.</exception>
    public async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using var reader = new TarReader(source, leaveOpen: true);
        await using var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
        var entries = 0;
        while (await reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            if (++entries > MostEntries)
            {
                throw new ArchiveRefusedException($"the archive has more than {MostEntries} entries");
            }

            await writer.WriteEntryAsync(Rewrite(entry), cancellationToken);
        }

        if (entries == 0)
        {
            throw new ArchiveRefusedException("the archive is empty");
        }

        // The end of the body, so that the connection can be used again.
        await source.CopyToAsync(Stream.Null, cancellationToken);
    }

    private PaxTarEntry Rewrite(TarEntry entry)
    {
        var type = entry.EntryType switch
        {
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => TarEntryType.RegularFile,
            TarEntryType.Directory => TarEntryType.Directory,
            TarEntryType.SymbolicLink => TarEntryType.SymbolicLink,
            _ => throw new ArchiveRefusedException($"{entry.Name}: only files, folders and symbolic links can be copied"),
        };
        var rewritten = new PaxTarEntry(type, NameOf(entry))
        {
            Uid = owner.User,
            Gid = owner.Group,
            Mode = type == TarEntryType.SymbolicLink ? Permissions : entry.Mode & Permissions,
            ModificationTime = entry.ModificationTime,
        };
        if (type == TarEntryType.SymbolicLink)
        {
            rewritten.LinkName = entry.LinkName;
        }
        else if (type == TarEntryType.RegularFile && entry.DataStream is { } data)
        {
            rewritten.DataStream = new Sized(data, entry.Length);
        }

        return rewritten;
    }

    private string NameOf(TarEntry entry)
    {
        var parts = entry.Name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToArray();
        return parts.Contains("..") || entry.Name.StartsWith('/')
            ? throw new ArchiveRefusedException($"{entry.Name}: names must stay below the folder that is copied")
            : string.Join('/', new[] { root }.Concat(parts.Skip(1)));
    }

    /// <summary>
    /// The writer asks for a length before it copies, which the data of an archive that is read from the network knows from its header.
    /// </summary>
    private sealed class Sized(Stream data, long length) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Count(data.Read(buffer, offset, count));

        public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Count(await data.ReadAsync(buffer.AsMemory(offset, count), cancellationToken));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await data.ReadAsync(buffer, cancellationToken));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Count(int read)
        {
            _position += read;
            return read;
        }
    }
}
