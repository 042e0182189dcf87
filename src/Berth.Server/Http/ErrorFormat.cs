namespace Berth.Server.Http;

/// <summary>How a surface spells its errors; metadata of a route, else the surface decides.</summary>
internal sealed record ErrorFormat(string Name)
{
    /// <summary><c>{"errors":[{"code","message","detail"}]}</c>, distribution-spec "Error Codes".</summary>
    public static readonly ErrorFormat Oci = new("oci");

    /// <summary><c>{"message","documentation_url","status","errors"}</c>.</summary>
    public static readonly ErrorFormat GitHub = new("github");

    /// <summary><c>{"error"}</c>, the only member npm reads.</summary>
    public static readonly ErrorFormat Npm = new("npm");

    /// <summary><c>{"error","message"}</c>: of a refused exchange of an ID token npm reads the second.</summary>
    public static readonly ErrorFormat NpmExchange = new("npm-exchange");

    /// <summary><c>{"error","error_description"}</c>, RFC 6749 section 5.2: the token endpoint's POST.</summary>
    public static readonly ErrorFormat OAuth = new("oauth");

    public static ErrorFormat Of(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<ErrorFormat>() ?? Surface.Of(http).Errors;
}
