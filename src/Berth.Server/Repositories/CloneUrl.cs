namespace Berth.Server.Repositories;

/// <summary>Decides from which URLs a repository may be cloned. The URL that is stored is later passed to git on the server.</summary>
internal static class CloneUrl
{
    private const int Longest = 2048;

    /// <summary>Null when the URL may be used. Otherwise says what is wrong with it.</summary>
    public static string? Fault(string url, bool fileAllowed)
    {
        if (url.Length is 0 or > Longest || url.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '\\' or '"' or '\''))
        {
            return "clone_url must be a URL without white space, quotes and backslashes";
        }

        // git takes an address that begins with a hyphen for an option, and PROTOCOL::ADDRESS for a program to run.
        if (url.StartsWith('-') || url.Contains("::", StringComparison.Ordinal))
        {
            return "clone_url must be an https, http, ssh or git URL";
        }

        var text = IsScp(url)
            ? $"ssh://{url[..url.IndexOf(':', StringComparison.Ordinal)]}/{url[(url.IndexOf(':', StringComparison.Ordinal) + 1)..]}"
            : url;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.StartsWith('-') || uri.AbsolutePath.Trim('/').Length == 0)
        {
            return "clone_url must be a URL with a host and a path";
        }

        return uri.Scheme switch
        {
            "https" or "http" or "git" when uri.UserInfo.Length > 0 =>
                "clone_url must not contain a user name or a password; give credentials as secrets",
            "ssh" when uri.UserInfo.Contains(':', StringComparison.Ordinal) || uri.UserInfo.StartsWith('-') =>
                "clone_url must not contain a password",
            "https" or "http" or "git" or "ssh" when uri.Host.Length == 0 => "clone_url must name a host",
            "https" or "http" or "git" or "ssh" when uri.Query.Length > 0 || uri.Fragment.Length > 0 =>
                "clone_url must have no query and no fragment",
            "https" or "http" or "git" or "ssh" => null,
            "file" when fileAllowed && uri.Host.Length == 0 => null,
            "file" => "a file: clone_url is for site administrators of a server with BERTH_ALLOW_FILE_CLONE=true",
            _ => $"clone_url must be an https, http, ssh or git URL, not {uri.Scheme}:",
        };
    }

    /// <summary>Whether it has scp's form, <c>git@host:path</c>.</summary>
    private static bool IsScp(string url) =>
        !url.Contains("://", StringComparison.Ordinal)
        && url.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
        && !url.AsSpan(0, colon).Contains('/')
        && url.AsSpan(0, colon).Contains('@');
}
