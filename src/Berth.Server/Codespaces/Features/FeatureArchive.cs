using System.Formats.Tar;
using System.IO.Compression;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Features;

/// <summary>The content of a feature in a registry. It is an archive, and whoever can push may have put anything into it.</summary>
internal static class FeatureArchive
{
    public const int MaxBytes = 16 * 1024 * 1024;
    public const int MaxMetadata = 1024 * 1024;
    private const long MaxUnpacked = 64L * 1024 * 1024;

    /// <summary>Reads the description of a feature, and whether it has a script to run.</summary>
    internal static (string Metadata, bool HasScript) Look(byte[] layer, FeatureName name)
    {
        string? metadata = null;
        var script = false;
        try
        {
            using var reader = new TarReader(Open(layer));
            for (var count = 0; reader.GetNextEntry() is { } entry; count++)
            {
                if (count > 10_000)
                {
                    throw new InvalidDataException();
                }

                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || entry.DataStream is null)
                {
                    continue;
                }

                script |= PathOf(entry.Name) == FeatureLayers.Script;
                if (PathOf(entry.Name) == Feature.MetadataFile && entry.Length <= MaxMetadata)
                {
                    using var text = new StreamReader(entry.DataStream);
                    metadata = text.ReadToEnd();
                }
            }
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException or FormatException or ArgumentException or OutOfMemoryException)
        {
            throw new FaultException(FaultKind.Configuration, $"the feature {name.Text} is no archive that can be read");
        }

        return (
            metadata ?? throw new FaultException(FaultKind.Configuration, $"the feature {name.Text} has no {Feature.MetadataFile}"),
            script);
    }

    /// <summary>Copies an archive for the engine. Only ordinary files, folders and links within the archive are copied.</summary>
    internal static async Task RepackAsync(
        byte[] layer, FeatureName name, TarWriter tar, string target, CancellationToken cancellationToken)
    {
        using var reader = new TarReader(Open(layer));
        long unpacked = 0;
        while (reader.GetNextEntry() is { } entry)
        {
            if (PathOf(entry.Name) is not { Length: > 0 } path)
            {
                continue;
            }

            unpacked += entry.Length;
            if (unpacked > MaxUnpacked)
            {
                throw new FaultException(FaultKind.Configuration, $"the feature {name.Text} is larger than {MaxUnpacked >> 20} MiB");
            }

            PaxTarEntry? copy = entry.EntryType switch
            {
                TarEntryType.Directory => new PaxTarEntry(TarEntryType.Directory, $"{target}{path}/"),
                TarEntryType.SymbolicLink => new PaxTarEntry(TarEntryType.SymbolicLink, target + path) { LinkName = entry.LinkName },
                TarEntryType.RegularFile or TarEntryType.V7RegularFile =>
                    new PaxTarEntry(TarEntryType.RegularFile, target + path) { DataStream = entry.DataStream },
                _ => null,
            };
            if (copy is not null)
            {
                copy.Mode = entry.Mode & (UnixFileMode)0b111_111_111;
                await tar.WriteEntryAsync(copy, cancellationToken);
            }
        }
    }

    /// <summary>The clean path of an entry. Null when it leads out of the archive.</summary>
    private static string? PathOf(string name)
    {
        var segments = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != ".").ToList();
        return name.StartsWith('/') || segments.Contains("..") || name.Contains('\0', StringComparison.Ordinal)
            ? null
            : string.Join('/', segments);
    }

    /// <summary>Opens a tar. Many are compressed although their media type does not say so.</summary>
    private static Stream Open(byte[] layer)
    {
        var stream = new MemoryStream(layer, writable: false);
        return layer is [0x1f, 0x8b, ..]
            ? new BoundedStream(new GZipStream(stream, CompressionMode.Decompress), MaxUnpacked + MaxBytes)
            : stream;
    }
}
