namespace Berth.Server.Oci;

/// <summary>What a manifest says about content that it names: image-spec, descriptor.md.</summary>
internal sealed record Descriptor(string MediaType, Digest Digest, long Size)
{
    /// <summary>The platform of an entry of an index. Null when it names none.</summary>
    public Platform? Platform { get; init; }
}
