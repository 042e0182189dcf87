using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>An image that a repository's files name.</summary>
/// <param name="Where">The place that names it: <c>image</c>, <c>FROM</c>, <c>COPY --from</c>, <c>services.db.image</c>.</param>
/// <param name="Line">Counted from 1.</param>
internal sealed record ImageUse(ImageReference Reference, string Where, string File, int Line);
