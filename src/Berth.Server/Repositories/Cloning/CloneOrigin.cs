namespace Berth.Server.Repositories.Cloning;

/// <summary>
/// The scheme, host and port of a URL that git clones from over http. A credential is stored for them and sent only to them.
/// </summary>
internal static class CloneOrigin
{
    /// <summary><c>https://git.example.test:443</c>. Null for a URL with another protocol.</summary>
    public static string? Of(string? cloneUrl) =>
        Uri.TryCreate(cloneUrl, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? $"{uri.Scheme}://{uri.IdnHost.ToLowerInvariant()}:{uri.Port}"
            : null;

    /// <summary>
    /// Whether two URLs belong to one owner on one server: they have the same origin, and the same path except for its last part. Only the
    /// server knows what an encoded separator means, so a URL with one never matches.
    /// </summary>
    public static bool IsSameOwner(string cloneUrl, string other) =>
        Of(cloneUrl) is { } origin && origin == Of(other) && OwnerOf(cloneUrl) is { } owner && owner == OwnerOf(other);

    private static string? OwnerOf(string url)
    {
        var path = new Uri(url).AbsolutePath.TrimEnd('/');
        return path.Length == 0 || Separators.Any(separator => path.Contains(separator, StringComparison.OrdinalIgnoreCase))
            ? null
            : path[..path.LastIndexOf('/')];
    }

    private static readonly string[] Separators = ["%2f", "%5c", "%2e", "//"];
}
