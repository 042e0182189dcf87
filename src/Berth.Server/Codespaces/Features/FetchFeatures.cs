using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Images;
using Berth.Server.Faults;
using Berth.Server.Json;
using Berth.Server.Oci;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Features;

/// <summary>
/// Fetches the features of a configuration and those that they depend on, in the order of their installation. Features in registries are
/// authorised like images, with the same logins.
/// </summary>
internal sealed class FetchFeatures(RegistryAccess access, RegistryClient registries, FetchFeatureArchive archives)
{
    private const string LayerType = "application/vnd.devcontainers.layer";
    private const int MaxFeatures = 50;
    private const int MaxNames = 200;

    /// <summary>The features that one file asks for: the configuration, or the dependsOn of a feature.</summary>
    private sealed record Asking(Checkout Checkout, string Folder, string Where, StartCredentials Start, Found Found);

    private sealed record FetchedFeature(byte[] Layer, string Digest, JsonObject Metadata);

    /// <summary>What is known about features already, since they may be named many times and in many spellings.</summary>
    private sealed class Found
    {
        /// <summary>The nodes of the graph, by key.</summary>
        public Dictionary<string, FeatureNode> Nodes { get; } = new(StringComparer.Ordinal);

        /// <summary>Fetched features: by digest from registries, by URL from archives.</summary>
        public Dictionary<string, FetchedFeature> Fetched { get; } = new(StringComparer.Ordinal);

        /// <summary>What registries have allowed, by name as it is written.</summary>
        public Dictionary<string, AuthorisedImage> Allowed { get; } = new(StringComparer.Ordinal);

        /// <summary>The metadata of features in folders, by path.</summary>
        public Dictionary<string, JsonObject> Folders { get; } = new(StringComparer.Ordinal);
    }

    /// <exception cref="FaultException">A feature is refused, or cannot be fetched or installed. The message names it.</exception>
    public async Task<List<Feature>> RunAsync(
        DevcontainerFile file, DevcontainerConfiguration configuration, StartCredentials start, CancellationToken cancellationToken)
    {
        var found = new Found();
        var asking = new Asking(file.Checkout, file.Folder, file.Path, start, found);
        var refusals = new Refusals();
        foreach (var request in configuration.Features)
        {
            try
            {
                await AddAsync(request.Id, request.Options, asking, 0, cancellationToken);
            }
            catch (FaultException refusal)
            {
                refusals.Add(refusal);
            }
        }

        refusals.ThrowIfAny();

        var ordered = OrderFeatures.Run(
            found.Nodes,
            [
                .. configuration.FeatureOrder.Select(id => id.StartsWith("./", StringComparison.Ordinal)
                    || id.StartsWith("../", StringComparison.Ordinal)
                    ? "./" + file.Checkout.Locate(file.Folder, id, file.Path)
                    : id),
            ],
            file.Checkout.Budget);

        // Count as much of the engine's work as is possible without the image that they are added to.
        SentDockerfile.Layer(
            "features", new SentBase("", []), FeatureLayers.Instructions(ordered, null), "the image with features", file.Checkout.Budget);
        return ordered;
    }

    private async Task<string> AddAsync(
        string id, JsonObject options, Asking asking, int depth, CancellationToken cancellationToken)
    {
        var (budget, place, nodes) = (asking.Checkout.Budget, new TextPlace(asking.Where), asking.Found.Nodes);
        budget.Count("names of features, those in dependsOn included", MaxNames, place);
        var name = FeatureName.Parse(id, asking.Checkout, asking.Folder, asking.Where);
        var feature = name.Image is { } image
            ? await OfRegistryAsync(name, image, options, asking, cancellationToken)
            : name.Address is not null ? await OfAddressAsync(name, options, asking, cancellationToken)
            : OfFolder(name, options, asking);
        budget.Expand(feature.Key.Length, feature.Key.Length, place);
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

            needs.Add(await AddAsync(needed, given as JsonObject ?? [], inner, depth + 1, cancellationToken));
        }

        return feature.Key;
    }

    private static Feature OfFolder(FeatureName name, JsonObject options, Asking asking)
    {
        var checkout = asking.Checkout;
        if (!asking.Found.Folders.TryGetValue(name.Folder!, out var metadata))
        {
            asking.Found.Folders[name.Folder!] = metadata = Metadata(
                checkout.ReadText($"{name.Folder}/{Feature.MetadataFile}", FeatureArchive.MaxMetadata, $"the feature {name.Text}"), name);
            if (checkout.KindOf($"{name.Folder}/{FeatureLayers.Script}") != FileKind.File)
            {
                throw new FaultException(FaultKind.Configuration, $"the feature {name.Text} has no {FeatureLayers.Script}");
            }
        }

        return new Feature(
            name, "", metadata, Feature.OptionsOf(metadata, options),
            (tar, target, cancellationToken) => PackedFiles.FolderAsync(tar, checkout.FullPath(name.Folder!), target, cancellationToken));
    }

    private async Task<Feature> OfRegistryAsync(
        FeatureName name, ImageReference image, JsonObject options, Asking asking, CancellationToken cancellationToken)
    {
        var found = asking.Found;
        if (!found.Allowed.TryGetValue(image.ToString(), out var allowed))
        {
            found.Allowed[image.ToString()] = allowed = await access.AuthoriseAsync(image, asking.Start, cancellationToken);
        }

        var pinned = image.At(allowed.Digest);
        if (!found.Fetched.TryGetValue(pinned, out var content))
        {
            var answer = await registries.ReadLayerAsync(
                allowed.Remote, allowed.Login, LayerType, FeatureArchive.MaxBytes, cancellationToken);
            if (!answer.Ok)
            {
                throw new FaultException(answer.Fault.Kind, $"the feature {name.Text} cannot be had: {answer.Fault.Message}");
            }

            found.Fetched[pinned] = content = Open(answer.Value, allowed.Digest.Value, pinned, name, asking);
        }

        return Of(name, content, options);
    }

    private async Task<Feature> OfAddressAsync(
        FeatureName name, JsonObject options, Asking asking, CancellationToken cancellationToken)
    {
        if (!asking.Found.Fetched.TryGetValue(name.Resource, out var content))
        {
            var (archive, digest) = await archives.RunAsync(name, cancellationToken);
            asking.Found.Fetched[name.Resource] = content = Open(archive, digest, $"{name.Text}, which is {digest} today", name, asking);
        }

        return Of(name, content, options);
    }

    private static FetchedFeature Open(byte[] archive, string digest, string what, FeatureName name, Asking asking)
    {
        asking.Start.Log("features", $"fetched {what}");
        var (text, hasScript) = FeatureArchive.Look(archive, name);
        if (!hasScript)
        {
            throw new FaultException(FaultKind.Configuration, $"the feature {name.Text} has no {FeatureLayers.Script}");
        }

        asking.Checkout.Budget.Read(text.Length, new TextPlace($"the feature {name.Text}"));
        return new FetchedFeature(archive, digest, Metadata(text, name));
    }

    private static Feature Of(FeatureName name, FetchedFeature fetched, JsonObject options) => new(
        name, fetched.Digest, fetched.Metadata, Feature.OptionsOf(fetched.Metadata, options),
        (tar, target, token) => FeatureArchive.RepackAsync(fetched.Layer, name, tar, target, token));

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
}
