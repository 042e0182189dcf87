using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Json;
using Berth.Server.Oci;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Features;

/// <summary>
/// Gets the features of a configuration and what they depend on, in the order of their installation. Those in registries are authorised as
/// images are, with the same logins, and fetched by Berth itself: neither the dev container tools nor their client of registries see a
/// login.
/// </summary>
internal sealed class FetchFeatures(RegistryAccess access, RegistryClient registries)
{
    private const string LayerType = "application/vnd.devcontainers.layer";
    private const int MaxFeatures = 50;
    private const int MaxBytes = 16 * 1024 * 1024;
    private const long MaxUnpacked = 64L * 1024 * 1024;

    /// <summary>What is asked for by one file: the configuration, or a feature's dependsOn.</summary>
    private sealed record Asking(Checkout Checkout, string Folder, string Where, StartCredentials Start);

    /// <exception cref="FaultException">One is refused, not to be had or not installable; names it.</exception>
    public async Task<List<Feature>> RunAsync(
        DevcontainerFile file, DevcontainerConfiguration configuration, StartCredentials start, CancellationToken cancellationToken)
    {
        Dictionary<string, FeatureNode> nodes = new(StringComparer.Ordinal);
        Dictionary<string, byte[]> fetched = new(StringComparer.Ordinal);
        var asking = new Asking(file.Checkout, file.Folder, file.Path, start);
        foreach (var request in configuration.Features)
        {
            await AddAsync(request.Id, request.Options, asking, nodes, fetched, 0, cancellationToken);
        }

        return OrderFeatures.Run(nodes, [.. configuration.FeatureOrder.Select(id =>
            id.StartsWith("./", StringComparison.Ordinal) || id.StartsWith("../", StringComparison.Ordinal)
                ? "./" + file.Checkout.Locate(file.Folder, id, file.Path)
                : id)]);
    }

    private async Task<string> AddAsync(
        string id, JsonObject options, Asking asking, Dictionary<string, FeatureNode> nodes, Dictionary<string, byte[]> fetched, int depth,
        CancellationToken cancellationToken)
    {
        var name = FeatureName.Parse(id, asking.Checkout, asking.Folder, asking.Where);
        var feature = name.Image is { } image
            ? await OfRegistryAsync(name, image, options, asking, fetched, cancellationToken)
            : OfFolder(name, options, asking.Checkout);
        if (nodes.ContainsKey(feature.Key))
        {
            return feature.Key;
        }

        foreach (var withheld in feature.Withheld())
        {
            asking.Start.Log("features", withheld);
        }

        List<string> needs = [];
        nodes[feature.Key] = new FeatureNode(feature, needs);
        if (nodes.Count > MaxFeatures || depth > 10)
        {
            throw new FaultException(
                FaultKind.Configuration, $"more than {MaxFeatures} features, or a chain of more than 10 that depend on each other");
        }

        var inner = asking with { Folder = name.Folder ?? asking.Folder, Where = $"the feature {id} (dependsOn)" };
        foreach (var (needed, given) in feature.DependsOn)
        {
            if (name.Folder is null && needed.StartsWith('.'))
            {
                throw new FaultException(
                    FaultKind.Configuration, $"the feature {id} depends on {needed}, a folder; a feature of a registry has none");
            }

            needs.Add(await AddAsync(needed, given as JsonObject ?? [], inner, nodes, fetched, depth + 1, cancellationToken));
        }

        return feature.Key;
    }

    private static Feature OfFolder(FeatureName name, JsonObject options, Checkout checkout)
    {
        var metadata = Metadata(checkout.ReadText($"{name.Folder}/{Feature.MetadataFile}", 1024 * 1024, $"the feature {name.Text}"), name);
        if (checkout.KindOf($"{name.Folder}/{FeatureLayers.Script}") != FileKind.File)
        {
            throw new FaultException(FaultKind.Configuration, $"the feature {name.Text} has no {FeatureLayers.Script}");
        }

        return new Feature(
            name, "", metadata, Feature.OptionsOf(metadata, options),
            (tar, target, cancellationToken) => BuildContext.FolderAsync(tar, checkout.FullPath(name.Folder!), target, cancellationToken));
    }

    private async Task<Feature> OfRegistryAsync(
        FeatureName name, ImageReference image, JsonObject options, Asking asking, Dictionary<string, byte[]> fetched,
        CancellationToken cancellationToken)
    {
        var allowed = await access.AuthoriseAsync(image, asking.Start, cancellationToken);
        var pinned = image.At(allowed.Digest);
        if (!fetched.TryGetValue(pinned, out var layer))
        {
            var answer = await registries.ReadLayerAsync(allowed.Remote, allowed.Login, LayerType, MaxBytes, cancellationToken);
            if (!answer.Ok)
            {
                throw new FaultException(answer.Fault.Kind, $"the feature {name.Text} cannot be had: {answer.Fault.Message}");
            }

            fetched[pinned] = layer = answer.Value;
            asking.Start.Log("features", $"fetched {pinned}");
        }

        var (text, hasScript) = Look(layer, name);
        if (!hasScript)
        {
            throw new FaultException(FaultKind.Configuration, $"the feature {name.Text} has no {FeatureLayers.Script}");
        }

        var metadata = Metadata(text, name);
        return new Feature(
            name, allowed.Digest.Value, metadata, Feature.OptionsOf(metadata, options),
            (tar, target, token) => RepackAsync(layer, name, tar, target, token));
    }

    private static JsonObject Metadata(string text, FeatureName name)
    {
        try
        {
            var options = new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
                MaxDepth = 32,
                AllowDuplicateProperties = false,
            };
            return OutsideJson.ParseNode(text.TrimStart('\uFEFF'), options) as JsonObject
                ?? throw new FaultException(
                    FaultKind.Configuration, $"the feature {name.Text}: {Feature.MetadataFile} must hold a JSON object");
        }
        catch (OutsideJsonException)
        {
            throw new FaultException(FaultKind.Configuration, $"the feature {name.Text}: {Feature.MetadataFile} is not valid JSON");
        }
    }

    /// <summary>The description of a feature, and whether there is something to run.</summary>
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
                if (PathOf(entry.Name) == Feature.MetadataFile && entry.Length <= 1024 * 1024)
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

    /// <summary>Only what is plainly a file, a folder or a link within goes on to the engine.</summary>
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

    /// <summary>Null unless it lies within.</summary>
    private static string? PathOf(string name)
    {
        var segments = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != ".").ToList();
        return name.StartsWith('/') || segments.Contains("..") || name.Contains('\0', StringComparison.Ordinal)
            ? null
            : string.Join('/', segments);
    }

    /// <summary>A tar, often compressed though its media type does not say so.</summary>
    private static Stream Open(byte[] layer)
    {
        var stream = new MemoryStream(layer, writable: false);
        return layer is [0x1f, 0x8b, ..]
            ? new BoundedStream(new GZipStream(stream, CompressionMode.Decompress), MaxUnpacked + MaxBytes)
            : stream;
    }
}
