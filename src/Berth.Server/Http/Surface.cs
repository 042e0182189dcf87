namespace Berth.Server.Http;

/// <summary>
/// One of the protocols that the server speaks, found by a request's path: how its errors are spelled, which host serves it and which
/// headers its answers carry. Routes and handlers are the features' own.
/// </summary>
internal sealed record Surface
{
    /// <summary>OCI distribution and its token endpoint.</summary>
    public static readonly Surface Registry = new("registry", ErrorFormat.Oci, ["/v2", "/token"])
    {
        Subdomain = "containers.",
        ServesContent = true,
    };

    public static readonly Surface Npm = new("npm", ErrorFormat.Npm, ["/npm"])
    {
        Subdomain = "npm.",
        ServesContent = true,
        ReadOnHost = true,
    };

    /// <summary>REST and GraphQL in GitHub's shapes.</summary>
    public static readonly Surface Api = new("api", ErrorFormat.GitHub, ["/api"]) { RequestIdHeader = "X-GitHub-Request-Id" };

    /// <summary>Alive, ready and metrics, on every host name: who checks them knows the machine and not its names.</summary>
    public static readonly Surface Operations = new("operations", ErrorFormat.GitHub, ["/healthz", "/readyz", "/metrics"])
    {
        OnEveryHost = true,
    };

    /// <summary>All other paths.</summary>
    public static readonly Surface Pages = new("pages", ErrorFormat.GitHub, []);

    private static readonly Surface[] ByPrefix = [Registry, Api, Npm, Operations];

    public static IReadOnlyList<Surface> All { get; } = [.. ByPrefix, Pages];

    private readonly string[] _prefixes;

    private Surface(string name, ErrorFormat errors, string[] prefixes)
    {
        Name = name;
        Errors = errors;
        _prefixes = prefixes;
    }

    /// <summary>One word, for metrics.</summary>
    public string Name { get; }

    public ErrorFormat Errors { get; }

    /// <summary>What stands before the host's name where subdomains are isolated; empty for the host itself.</summary>
    public string Subdomain { get; private init; } = "";

    public bool OnEveryHost { get; private init; }

    /// <summary>Reading goes on under the host itself where subdomains are isolated: lock files of before have its addresses.</summary>
    public bool ReadOnHost { get; private init; }

    /// <summary>Its answers are what somebody pushed, so a browser must never run them as a page of this server.</summary>
    public bool ServesContent { get; private init; }

    /// <summary>A second header for the request's id, where clients look for it under another name.</summary>
    public string? RequestIdHeader { get; private init; }

    public static Surface Of(HttpContext http) => Of(http.Request.Path);

    /// <summary>Without case, since routes are found so: <c>/V2/</c> is the registry, and must be nothing else here.</summary>
    public static Surface Of(PathString path)
    {
        foreach (var surface in ByPrefix)
        {
            if (Array.Exists(surface._prefixes, prefix => path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase)))
            {
                return surface;
            }
        }

        return Pages;
    }

    public override string ToString() => Name;
}
