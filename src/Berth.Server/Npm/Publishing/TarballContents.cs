using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Json;

namespace Berth.Server.Npm.Publishing;

/// <summary>The contents of a tarball: the number and size of its files. Its <c>package.json</c> must be the announced one.</summary>
/// <param name="UnpackedSize">The size of all files together, in bytes.</param>
internal sealed record TarballContents(long FileCount, long UnpackedSize)
{
    private const int Block = 512;
    private const int SmallestGzip = 18;
    private const int MostFiles = 200_000;
    private const int MostManifest = 4 << 20;
    private const int MostExtended = 1 << 20;
    private const long MostUnpacked = 4L << 30;

    private static readonly JsonDocumentOptions Parsing = new()
    {
        MaxDepth = NpmGrammar.Deepest,
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>
    /// Reads headers and skips contents, within limits of its own. .NET's reader loads an extended header of any size into memory, and a
    /// few compressed kilobytes may announce gigabytes.
    /// </summary>
    /// <param name="content">Must be seekable.</param>
    /// <exception cref="ApiException">400: it is not a tarball of this version.</exception>
    public static async Task<TarballContents> ReadAsync(
        Stream content, PackageAddress address, string version, CancellationToken cancellationToken)
    {
        try
        {
            var announced = await AnnouncedSizeAsync(content, cancellationToken);
            await using var unzipped = new CountedStream(new GZipStream(content, CompressionMode.Decompress, leaveOpen: true));
            var contents = await ReadTarAsync(unzipped, address, version, cancellationToken);
            await SkipAsync(unzipped, new byte[64 * 1024], MostUnpacked, cancellationToken);
            return (uint)unzipped.Count == announced ? contents : throw new InvalidDataException();
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw Refused("the tarball cannot be unpacked: it is no gzip of a tar archive, or is cut off");
        }
    }

    /// <summary>
    /// The unpacked length according to the last four bytes (RFC 1952 section 2.3.1, ISIZE). .NET accepts a file that was cut off as
    /// complete.
    /// </summary>
    private static async Task<uint> AnnouncedSizeAsync(Stream content, CancellationToken cancellationToken)
    {
        var size = new byte[4];
        content.Position = content.Length >= SmallestGzip ? content.Length - size.Length : throw new InvalidDataException();
        await content.ReadExactlyAsync(size, cancellationToken);
        content.Position = 0;
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(size);
    }

    private static async Task<TarballContents> ReadTarAsync(
        Stream tar, PackageAddress address, string version, CancellationToken cancellationToken)
    {
        var (header, skipped) = (new byte[Block], new byte[64 * 1024]);
        var (files, size, found) = (0L, 0L, false);
        string? longName = null;
        while (await tar.ReadAtLeastAsync(header, Block, throwOnEndOfStream: false, cancellationToken) is var read && read == Block
            && header.AsSpan().ContainsAnyExcept((byte)0))
        {
            var length = NumberOf(header.AsSpan(124, 12));
            size += length;
            if (++files > MostFiles || size > MostUnpacked)
            {
                throw Refused($"the tarball has more than {MostFiles} entries, or unpacks to more than {MostUnpacked >> 30} GiB");
            }

            var padded = (length + Block - 1) / Block * Block;
            switch ((char)header[156])
            {
                case 'x' or 'L' when length <= MostExtended:
                    var extended = await TakeAsync(tar, length, padded, cancellationToken);
                    longName = header[156] == 'L' ? Text(extended) : PathOfPax(extended) ?? longName;
                    (files, size) = (files - 1, size - length);
                    continue;
                case '0' or '\0' when IsManifest(longName ?? NameOf(header)):
                    var manifest = await TakeAsync(tar, length <= MostManifest ? length : throw TooLarge(), padded, cancellationToken);
                    Check(manifest, address, version);
                    found = true;
                    break;
                case 'x' or 'L' or 'g':
                    (files, size) = (files - 1, size - length);
                    await PassAsync(tar, skipped, padded, cancellationToken);
                    continue;
                default:
                    await PassAsync(tar, skipped, padded, cancellationToken);
                    break;
            }

            longName = null;
        }

        return found ? new TarballContents(files, size) : throw Refused("the tarball has no package.json where npm looks for it");
    }

    /// <summary>npm removes the first folder's name, whatever it is.</summary>
    private static bool IsManifest(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } segments
            && segments.Where(segment => segment != ".").ToArray() is [_, "package.json"];

    private static void Check(byte[] manifest, PackageAddress address, string version)
    {
        try
        {
            using var json = OutsideJson.Parse(WithoutMark(manifest), Parsing);
            var (name, number) = (json.RootElement.TextOf("name"), json.RootElement.TextOf("version"));
            if (name is null || !NpmNames.TryParse(name, out var named) || named != address)
            {
                throw Refused($"the package.json in the tarball is of {Shown.Quoted(name)}, and {address} was published");
            }

            // npm cleans a version's number before it publishes it.
            if (number?.Trim().TrimStart('v', '=') is not { } clean || clean.Split('+')[0] != version)
            {
                throw Refused($"the package.json in the tarball is of version {Shown.Quoted(number)}, and {version} was published");
            }
        }
        catch (OutsideJsonException exception)
        {
            throw Refused($"the package.json in the tarball is not JSON: {exception.Message}");
        }
    }

    private static ReadOnlyMemory<byte> WithoutMark(byte[] text) => text is [0xef, 0xbb, 0xbf, ..] ? text.AsMemory(3) : text;

    private static async Task<byte[]> TakeAsync(Stream tar, long length, long padded, CancellationToken cancellationToken)
    {
        var content = new byte[padded];
        await tar.ReadExactlyAsync(content, cancellationToken);
        return content[..(int)length];
    }

    private static async Task PassAsync(Stream tar, byte[] buffer, long length, CancellationToken cancellationToken)
    {
        if (await SkipAsync(tar, buffer, length, cancellationToken) > 0)
        {
            throw new EndOfStreamException();
        }
    }

    /// <summary>Returns how many bytes were missing.</summary>
    private static async Task<long> SkipAsync(Stream tar, byte[] buffer, long length, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            var read = await tar.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length)), cancellationToken);
            if (read == 0)
            {
                return length;
            }

            length -= read;
        }

        return 0;
    }

    /// <summary>Reads a number in octal, or in base 256 with the highest bit set (POSIX.1-1988 ustar, GNU).</summary>
    private static long NumberOf(ReadOnlySpan<byte> field)
    {
        long number = 0;
        if ((field[0] & 0x80) != 0)
        {
            foreach (var digit in field[4..])
            {
                number = (number << 8) | digit;
            }

            return number >= 0 && !field[1..4].ContainsAnyExcept((byte)0) && (field[0] & 0x7f) == 0
                ? number : throw new InvalidDataException();
        }

        foreach (var digit in field)
        {
            if (digit is (byte)' ' or 0)
            {
                continue;
            }

            number = digit is >= (byte)'0' and <= (byte)'7' ? (number << 3) | (long)(digit - '0') : throw new InvalidDataException();
        }

        return number;
    }

    private static string NameOf(byte[] header)
    {
        var name = Text(header.AsSpan(0, 100));
        var prefix = header.AsSpan(257, 5).SequenceEqual("ustar"u8) ? Text(header.AsSpan(345, 155)) : "";
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    /// <summary>Reads the records <c>LENGTH path=VALUE\n</c> of a PAX header. Null when there is none for the path.</summary>
    private static string? PathOfPax(ReadOnlySpan<byte> records)
    {
        string? path = null;
        while (records.IndexOf((byte)' ') is > 0 and var space
            && int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length > space + 1 && length <= records.Length)
        {
            var record = records[(space + 1)..(length - 1)];
            path = record.StartsWith("path="u8) ? Encoding.UTF8.GetString(record[5..]) : path;
            records = records[length..];
        }

        return path;
    }

    private static string Text(ReadOnlySpan<byte> field) =>
        Encoding.UTF8.GetString(field.IndexOf((byte)0) is >= 0 and var end ? field[..end] : field);

    private static ApiException TooLarge() => Refused($"the package.json in the tarball has more than {MostManifest >> 20} MiB");

    private static ApiException Refused(string why) => new(NpmErrors.Bad(why));

    private sealed class CountedStream(Stream inner) : ReadOnlyStream
    {
        public long Count { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Count += read;
            return read;
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
