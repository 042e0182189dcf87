namespace Berth.Server.Repositories.Cloning;

/// <summary>Scheme, host and port of a URL that git clones from over http: what a credential is stored for and is shown to.</summary>
internal static class CloneOrigin
{
    /// <summary><c>https://git.example.test:443</c>; null for what is cloned in another way.</summary>
    public static string? Of(string? cloneUrl) =>
        Uri.TryCreate(cloneUrl, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? $"{uri.Scheme}://{uri.IdnHost.ToLowerInvariant()}:{uri.Port}"
            : null;

    /// <summary>
    /// Whether two URLs are of one owner at one server: same origin, and same path but for its last part. What an encoded separator would
    /// make of a path is the server's to say, so such a URL is nobody's.
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
