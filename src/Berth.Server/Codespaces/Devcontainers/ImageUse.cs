using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>An image that a repository's files name.</summary>
/// <param name="Where">The place that names it: <c>image</c>, <c>FROM</c>, <c>COPY --from</c>, <c>services.db.image</c>.</param>
/// <param name="Line">Counted from 1.</param>
internal sealed record ImageUse(ImageReference Reference, string Where, string File, int Line)
{
    /// <summary>The platform that it asks for. Null: this machine's.</summary>
    public Platform? Platform { get; init; }

    public string Key => KeyOf(Reference.ToString(), Platform);

    /// <summary>An image for another platform is another image. No image's name contains a space.</summary>
    public static string KeyOf(string image, Platform? platform) => platform is null ? image : $"{image} {platform}";
}
