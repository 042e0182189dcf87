using Berth.Server.Repositories;

namespace Berth.Server.Codespaces.Git;

/// <summary>A submodule as a commit's .gitmodules names it (gitmodules(5)).</summary>
/// <param name="Url">The URL as the file has it.</param>
internal sealed record Submodule(string Name, string Path, string Url)
{
    /// <param name="listing">The output of <c>git config -z --list</c> for the file: names, line ends, values and NULs.</param>
    public static IReadOnlyList<Submodule> Read(string listing)
    {
        Dictionary<string, (string? Path, string? Url)> found = new(StringComparer.Ordinal);
        foreach (var entry in listing.Split('\0'))
        {
            var end = entry.IndexOf('\n', StringComparison.Ordinal);
            var key = end < 0 ? "" : entry[..end];
            var last = key.LastIndexOf('.');
            if (!key.StartsWith("submodule.", StringComparison.Ordinal) || last <= "submodule.".Length)
            {
                continue;
            }

            var name = key["submodule.".Length..last];
            var known = found.GetValueOrDefault(name);
            found[name] = key[(last + 1)..] switch
            {
                "path" => known with { Path = entry[(end + 1)..] },
                "url" => known with { Url = entry[(end + 1)..] },
                _ => known,
            };
        }

        return
        [
            .. found.Where(one => one.Value is { Path: not null, Url: not null })
                .Select(one => new Submodule(one.Key, one.Value.Path!, one.Value.Url!)),
        ];
    }

    /// <summary>Why git must not be given its name or path. Null when it may be.</summary>
    public string? Fault =>
        Name.Length is 0 or > 255 || Name.Any(char.IsControl) || Name.Contains("..", StringComparison.Ordinal) || Name.StartsWith('-')
            ? "its name is none that git would take"
            : IsPath(Path) ? null : "its path leads out of the repository, or is none that git would take";

    private static bool IsPath(string path) =>
        path.Length is > 0 and <= 1024 && path[0] is not ':' and not '-' and not '/'
        && !path.Any(c => char.IsControl(c) || c is '*' or '?' or '[' or '\\')
        && path.Split('/').All(part => part is not ("" or "." or "..") && !part.StartsWith(".git", StringComparison.OrdinalIgnoreCase));
}

/// <summary>The URLs that submodules may be cloned from. The rules of clone URLs apply, and it is never a folder of this machine.</summary>
internal static class SubmoduleUrl
{
    /// <param name="url">The URL as the file has it. <c>./</c> and <c>../</c> begin at the repository that names it
    /// (git-submodule(1)).</param>
    /// <returns>A URL over http or https, or the reason why there is none.</returns>
    public static (string? Url, string? Fault) Resolve(string url, string parent)
    {
        if (url.StartsWith("./", StringComparison.Ordinal) || url.StartsWith("../", StringComparison.Ordinal))
        {
            if (Relative(url, parent) is not { } resolved)
            {
                return (null, $"its URL {Shown(url)} leads out of {parent}");
            }

            url = resolved;
        }
        else if (OverHttp(url, parent) is { } same)
        {
            url = same;
        }

        var elsewhere = $"its URL {Shown(url)} is not reached over http or https";
        if (CloneUrl.Fault(url, fileAllowed: false) is { } fault)
        {
            return (null, fault.StartsWith("clone_url", StringComparison.Ordinal)
                ? $"its URL {Shown(url)}{fault["clone_url".Length..]}"
                : elsewhere);
        }

        return new Uri(url.Contains("://", StringComparison.Ordinal) ? url : "ssh://x/").Scheme is "http" or "https"
            ? (url, null)
            : (null, elsewhere);
    }

    private static string? Relative(string url, string parent)
    {
        var start = parent.IndexOf("://", StringComparison.Ordinal);
        var slash = start < 0 ? -1 : parent.IndexOf('/', start + 3);
        if (slash < 0)
        {
            return null;
        }

        List<string> parts = [.. parent[(slash + 1)..].TrimEnd('/').Split('/')];
        foreach (var part in url.TrimEnd('/').Split('/'))
        {
            switch (part)
            {
                case ".":
                    break;
                case ".." when parts.Count == 0:
                    return null;
                case "..":
                    parts.RemoveAt(parts.Count - 1);
                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        return $"{parent[..slash]}/{string.Join('/', parts)}";
    }

    /// <summary>
    /// Changes <c>git@HOST:PATH</c> and <c>ssh://…</c> to http or https if the host is the server that the repository was cloned from.
    /// There is no key for SSH here, so the submodule is fetched in the same way as the repository.
    /// </summary>
    private static string? OverHttp(string url, string parent)
    {
        if (!Uri.TryCreate(parent, UriKind.Absolute, out var from) || from.Scheme is not ("http" or "https")
            || CloneUrl.Fault(url, fileAllowed: false) is not null)
        {
            return null;
        }

        var text = url.Contains("://", StringComparison.Ordinal) ? url : "ssh://" + url.Replace(':', '/');
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == "ssh"
            && uri.Host.Equals(from.Host, StringComparison.OrdinalIgnoreCase)
            ? from.GetLeftPart(UriPartial.Authority) + uri.AbsolutePath
            : null;
    }

    /// <summary>Prepares a URL for a line of a log. It was written by others, and any password in it is left out.</summary>
    private static string Shown(string url)
    {
        var at = url.Contains("://", StringComparison.Ordinal) ? url.LastIndexOf('@') : -1;
        var text = at < 0 ? url : url[(at + 1)..];
        return text.Length > 200 ? text[..200] + "…" : text;
    }
}
