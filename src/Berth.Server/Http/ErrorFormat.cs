namespace Berth.Server.Http;

/// <summary>How errors are written. A route may have a format as metadata. Otherwise its surface decides.</summary>
internal sealed record ErrorFormat(string Name)
{
    /// <summary><c>{"errors":[{"code","message","detail"}]}</c>, distribution-spec "Error Codes".</summary>
    public static readonly ErrorFormat Oci = new("oci");

    /// <summary><c>{"message","documentation_url","status","errors"}</c>.</summary>
    public static readonly ErrorFormat GitHub = new("github");

    /// <summary><c>{"error"}</c>, the only member that npm reads.</summary>
    public static readonly ErrorFormat Npm = new("npm");

    /// <summary><c>{"error","message"}</c>. When an exchange of an ID token is refused, npm reads the second.</summary>
    public static readonly ErrorFormat NpmExchange = new("npm-exchange");

    /// <summary><c>{"error","error_description"}</c> by RFC 6749 section 5.2, for POST to the token endpoint.</summary>
    public static readonly ErrorFormat OAuth = new("oauth");

    public static ErrorFormat Of(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<ErrorFormat>() ?? Surface.Of(http).Errors;
}
