namespace Berth.Server.Http;

/// <summary>The errors that belong to no single surface.</summary>
internal static class Errors
{
    public static readonly ApiError Internal = new(
        500, "UNKNOWN", "the server failed on this request; its log has the reason under the request id");

    /// <summary>507, so that clients neither retry for ever, as for a proxy's 5xx, nor blame the content.</summary>
    private static readonly ApiError StorageFull =
        new(507, "STORAGE_FULL", "the server's storage is full: nothing was stored, nothing was lost; try again when there is room");

    private static readonly ApiError StorageBroken =
        new(500, "STORAGE_FAILED", "the server's disk answers with errors: nothing was stored; whoever runs the server has to look at it");

    /// <summary>503, since reads work, and writes will work when the storage is mounted again.</summary>
    private static readonly ApiError StorageReadOnly =
        new(
            503, "STORAGE_READ_ONLY",
            "the server's storage can only be read at present: nothing was stored; whoever runs the server has to look at it");

    /// <summary>Other requests kept changing what this one depends on, in all its attempts.</summary>
    private static readonly ApiError Busy =
        new ApiError(503, "UNAVAILABLE", "too many requests change the same thing at this moment: nothing was stored; try again")
            .WithHeader("Retry-After", "1");

    public static readonly ApiError NotFound = new(404, "NOT_FOUND", "Not Found");

    public static readonly ApiError Forbidden = new(403, "DENIED", "Resource not accessible by this token");

    public static readonly ApiError BadCredentials = new(401, "UNAUTHORIZED", "Bad credentials");

    public static readonly ApiError RequiresAuthentication = new(401, "UNAUTHORIZED", "Requires authentication");

    public static readonly ApiError NotJson = new(400, "INVALID", "Problems parsing JSON");

    public static readonly ApiError NotObject = new(400, "INVALID", "Body should be a JSON object");

    /// <summary>RFC 6749 section 5.2 has no code for this.</summary>
    public static ApiError TooLarge(HttpContext http, long limit) =>
        new(413, ErrorFormat.Of(http) == ErrorFormat.OAuth ? "invalid_request" : "SIZE_INVALID", $"the body has more than {limit} bytes");

    public static ApiError BadRequest(int status, string message) =>
        new(status, status == 413 ? "SIZE_INVALID" : "UNSUPPORTED", message);

    /// <summary>GitHub's 422 for one field.</summary>
    public static ApiError Invalid(string resource, string field, string code, string message) =>
        new(422, code, $"Validation Failed: {message}") { Fields = [new FieldError(resource, field, code, message)] };

    public static ApiError Of(StorageFault fault) => fault switch
    {
        StorageFault.Full => StorageFull,
        StorageFault.ReadOnly => StorageReadOnly,
        _ => StorageBroken,
    };

    /// <summary>
    /// The error when another request took the name, or removed what this one refers to, after this one was let in. The API answers as it
    /// would a moment later. The registry's specification has no 409, so there the answer says what is missing.
    /// </summary>
    public static ApiError Of(WriteConflict conflict, ErrorFormat format) => (conflict, format) switch
    {
        (WriteConflict.Busy, _) => Busy,
        (WriteConflict.Gone, _) =>
            new(
                404, format == ErrorFormat.Oci ? "NAME_UNKNOWN" : "NOT_FOUND",
                "Not Found: something that the request refers to went at the same moment"),
        (_, var other) when other == ErrorFormat.Oci =>
            new(400, "UNSUPPORTED", "another request made the same thing at the same moment; look what is there, and send this one again"),
        (_, var other) when other == ErrorFormat.Npm => new(409, "CONFLICT", "another request made the same thing at the same moment"),
        _ => new(422, "already_exists", "Validation Failed: another request made something of that name at the same moment"),
    };

    public static ApiError OfStatus(HttpContext http)
    {
        var oci = ErrorFormat.Of(http) == ErrorFormat.Oci;
        return http.Response.StatusCode switch
        {
            404 when oci => new ApiError(404, "NAME_UNKNOWN", "no such page of the registry API"),
            404 => NotFound,
            405 => new ApiError(405, "UNSUPPORTED", "the method is not supported here"),
            413 => new ApiError(413, "SIZE_INVALID", "the request is too large"),
            415 => new ApiError(415, "UNSUPPORTED", "the content type is not supported here"),
            var status => new ApiError(status, "UNKNOWN", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status)),
        };
    }
}
