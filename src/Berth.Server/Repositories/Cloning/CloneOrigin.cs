namespace Berth.Server.Repositories.Cloning;

/// <summary>Scheme, host and port of a URL that git clones from over http: what a credential is stored for and is shown to.</summary>
internal static class CloneOrigin
{
    /// <summary><c>https://git.example.test:443</c>; null for what is cloned in another way.</summary>
    public static string? Of(string? cloneUrl) =>
        Uri.TryCreate(cloneUrl, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? $"{uri.Scheme}://{uri.IdnHost.ToLowerInvariant()}:{uri.Port}"
            : null;
}
