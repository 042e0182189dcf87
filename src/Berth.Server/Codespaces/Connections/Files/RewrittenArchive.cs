using System.Formats.Tar;

namespace Berth.Server.Codespaces.Connections.Files;

/// <summary>
/// Rewrites a tar archive, entry by entry, on its way into a codespace. Its first name changes, its files belong to whoever unpacks it, and
/// only permitted kinds of entries pass.
/// </summary>
internal sealed class RewrittenArchive : IAsyncDisposable
{
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;
    private const int MostEntries = 1_000_000;
    private readonly Stream _source;
    private readonly TarReader _reader;
    private readonly TarEntry _first;

    private RewrittenArchive(Stream source, TarReader reader, TarEntry first)
    {
        (_source, _reader, _first) = (source, reader, first);
    }

    /// <summary>The kind of the first entry, and so of what the archive holds.</summary>
    public TarEntryType Kind => KindOf(_first);

    public UnixFileMode Mode => _first.Mode & Permissions;

    /// <summary>Reads the archive up to its first entry.</summary>
    /// <exception cref="ArchiveRefusedException">The archive is empty, or its first entry may not come in.</exception>
    public static async Task<RewrittenArchive> OpenAsync(Stream source, CancellationToken cancellationToken)
    {
        var reader = new TarReader(source, leaveOpen: true);
        try
        {
            var first = await reader.GetNextEntryAsync(copyData: false, cancellationToken)
                ?? throw new ArchiveRefusedException("the archive is empty");
            KindOf(first);
            return new RewrittenArchive(source, reader, first);
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="ArchiveRefusedException">The archive has an entry that may not come in.</exception>
    public async Task WriteAsync(Stream stream, string root, CancellationToken cancellationToken)
    {
        // Use GNU's format: busybox's tar knows its long names, but skips those of pax.
        await using (var writer = new TarWriter(stream, TarEntryFormat.Gnu, leaveOpen: true))
        {
            var entries = 0;
            for (var entry = _first; entry is not null; entry = await _reader.GetNextEntryAsync(copyData: false, cancellationToken))
            {
                if (++entries > MostEntries)
                {
                    throw new ArchiveRefusedException($"the archive has more than {MostEntries} entries");
                }

                await writer.WriteEntryAsync(Rewrite(entry, root), cancellationToken);
            }
        }

        await FinishAsync(cancellationToken);
    }

    /// <summary>Writes the bytes of the archive's only file.</summary>
    /// <exception cref="ArchiveRefusedException">The archive has more than one file.</exception>
    public async Task WriteFileAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (_first.DataStream is { } data)
        {
            await data.CopyToAsync(stream, cancellationToken);
        }

        if (await _reader.GetNextEntryAsync(copyData: false, cancellationToken) is { } more)
        {
            throw new ArchiveRefusedException($"{more.Name}: the image has no tar, without which only single files can be copied");
        }

        await FinishAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    /// <summary>The end of the body, so that the connection can be used again.</summary>
    private Task FinishAsync(CancellationToken cancellationToken) => _source.CopyToAsync(Stream.Null, cancellationToken);

    private static TarEntryType KindOf(TarEntry entry) => entry.EntryType switch
    {
        TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => TarEntryType.RegularFile,
        TarEntryType.Directory => TarEntryType.Directory,
        TarEntryType.SymbolicLink => TarEntryType.SymbolicLink,
        _ => throw new ArchiveRefusedException($"{entry.Name}: only files, folders and symbolic links can be copied"),
    };

    private static GnuTarEntry Rewrite(TarEntry entry, string root)
    {
        var type = KindOf(entry);
        var rewritten = new GnuTarEntry(type, NameOf(entry, root))
        {
            Mode = type == TarEntryType.SymbolicLink ? Permissions : entry.Mode & Permissions,
            ModificationTime = entry.ModificationTime,
        };
        if (type == TarEntryType.SymbolicLink)
        {
            rewritten.LinkName = entry.LinkName;
        }
        else if (type == TarEntryType.RegularFile && entry.DataStream is { } data)
        {
            rewritten.DataStream = new SizedStream(data, entry.Length);
        }

        return rewritten;
    }

    private static string NameOf(TarEntry entry, string root)
    {
        var parts = entry.Name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToArray();
        return parts.Contains("..") || entry.Name.StartsWith('/')
            ? throw new ArchiveRefusedException($"{entry.Name}: names must stay below the folder that is copied")
            : string.Join('/', new[] { root }.Concat(parts.Skip(1)));
    }
}

/// <summary>The archive must not be unpacked, or the file or folder cannot be copied. The message says why.</summary>
internal sealed class ArchiveRefusedException(string reason) : Exception(reason);
