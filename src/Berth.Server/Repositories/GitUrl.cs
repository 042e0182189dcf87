namespace Berth.Server.Repositories;

/// <summary>Brings the spellings of a repository's URL into one form, to compare image labels and package.json files with it.</summary>
internal static class GitUrl
{
    /// <summary>
    /// Host and path in lower case without scheme, user, default port, <c>.git</c> and slashes at the end:
    /// <c>git+https://ada@Git.Test/Acme/App.git</c> and <c>git@git.test:acme/app</c> both become <c>git.test/acme/app</c>. Null when the
    /// text is not a URL.
    /// </summary>
    public static string? Normalise(string? url)
    {
        var text = url?.Trim() ?? "";
        if (text.StartsWith("git+", StringComparison.OrdinalIgnoreCase))
        {
            text = text[4..];
        }

        if (!text.Contains("://", StringComparison.Ordinal))
        {
            // scp's form, user@host:path
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || colon == text.Length - 1 || text.AsSpan(0, colon).Contains('/'))
            {
                return null;
            }

            text = $"ssh://{text[..colon]}/{text[(colon + 1)..].TrimStart('/')}";
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || (uri.Host.Length == 0 && uri.Scheme != "file"))
        {
            return null;
        }

        var path = uri.AbsolutePath.TrimEnd('/');
        path = path.EndsWith(".git", StringComparison.OrdinalIgnoreCase) ? path[..^4] : path;
        var isDefaultPort = uri.IsDefaultPort || uri.Port < 0 || (uri.Scheme == "ssh" && uri.Port == 22);
        var host = uri.Scheme == "file" ? "file:" : isDefaultPort ? uri.IdnHost : $"{uri.IdnHost}:{uri.Port}";
        return path.Length == 0 ? null : (host + path).ToLowerInvariant();
    }
}
