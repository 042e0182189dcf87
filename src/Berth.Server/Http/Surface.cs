namespace Berth.Server.Http;

/// <summary>
/// One of the protocols that the server speaks, found by a request's path. It says how errors are written, which host serves it and which
/// headers its answers have. Routes and handlers belong to the features.
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

    /// <summary>REST and GraphQL in GitHub's form.</summary>
    public static readonly Surface Api = new("api", ErrorFormat.GitHub, ["/api"]) { RequestIdHeader = "X-GitHub-Request-Id" };

    /// <summary>Health, readiness and metrics, on every host name, since a monitor knows the machine and not its names.</summary>
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

    /// <summary>One word for metrics.</summary>
    public string Name { get; }

    public ErrorFormat Errors { get; }

    /// <summary>What precedes the host's name if subdomains are isolated. Empty for the host itself.</summary>
    public string Subdomain { get; private init; } = "";

    public bool OnEveryHost { get; private init; }

    /// <summary>Whether the main host still serves reads if subdomains are isolated, because older lock files have its addresses.</summary>
    public bool ReadOnHost { get; private init; }

    /// <summary>Whether its answers are content that somebody pushed. A browser must never show them as a page of this server.</summary>
    public bool ServesContent { get; private init; }

    /// <summary>A second header for the request's id, for clients that look for it under another name.</summary>
    public string? RequestIdHeader { get; private init; }

    public static Surface Of(HttpContext http) => Of(http.Request.Path);

    /// <summary>Case does not matter, as in routing: <c>/V2/</c> is the registry, and must not count as anything else here.</summary>
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
