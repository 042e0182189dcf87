namespace Berth.Server.Http;

/// <summary>
/// Folds a name with slashes into one path segment before routing, so that every route is an ordinary template:
/// <c>/v2/acme/tools/base/manifests/1</c> becomes <c>/v2/acme%2Ftools%2Fbase/manifests/1</c>. It reads from the end of the path, since a
/// name may itself contain the words <c>manifests</c>, <c>blobs</c> and <c>tags</c>.
/// </summary>
internal static class FoldNames
{
    public static IApplicationBuilder UseFoldedNames(this IApplicationBuilder app) =>
        app.Use((http, next) =>
        {
            var path = http.Request.Path.Value!;
            if (path.StartsWith("/v2/", StringComparison.Ordinal))
            {
                http.Request.Path = Registry(path);
            }

            return next(http);
        });

    internal static string Registry(string path)
    {
        var tail = TailLength(path);
        if (tail <= 0 || path.Length - tail <= 4)
        {
            return path;
        }

        var name = path[4..^tail];
        return name.Contains('/', StringComparison.Ordinal)
            ? string.Concat("/v2/", name.Replace("/", "%2F", StringComparison.Ordinal), path.AsSpan(path.Length - tail))
            : path;
    }

    /// <summary>
    /// How many characters at the end of the path are not part of the name: <c>/blobs/uploads/ID</c>, <c>/tags/list</c>,
    /// <c>/manifests/REFERENCE</c> …
    /// </summary>
    private static int TailLength(string path)
    {
        var last = path.LastIndexOf('/');
        if (last <= 0)
        {
            return 0;
        }

        var before = path.LastIndexOf('/', last - 1);
        if (before <= 0)
        {
            return 0;
        }

        var word = path.AsSpan(before + 1, last - before - 1);
        if (word is "uploads" && before >= 6 && path.AsSpan(0, before).EndsWith("/blobs", StringComparison.Ordinal))
        {
            return path.Length - before + "/blobs".Length;
        }

        if (word is "manifests" or "referrers" || (word is "tags" && path.AsSpan(last + 1) is "list"))
        {
            return path.Length - before;
        }

        // POST /v2/NAME/blobs/uploads without a slash at the end does not mean a blob called "uploads".
        return word is "blobs" ? path.Length - before : 0;
    }
}
