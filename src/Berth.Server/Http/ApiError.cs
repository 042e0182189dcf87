namespace Berth.Server.Http;

/// <summary>
/// An error as a value: a status, a code from its surface's table and words for a person. It is a result that writes itself, in the form of
/// the surface that returns it (<see cref="ErrorFormat"/>).
/// </summary>
/// <param name="Code">The code in the surface's own table: <c>BLOB_UNKNOWN</c>, or GitHub's validation code.</param>
/// <param name="Message">What was wrong, in a sentence. It never contains a secret or anything that the caller may not know.</param>
public sealed record ApiError(int Status, string Code, string Message) : IResult
{
    /// <summary>More about this occurrence: a digest, a field, a position.</summary>
    public string? Detail { get; init; }

    /// <summary>The command or page that would fix it, for callers who may know.</summary>
    public string? Remedy { get; init; }

    /// <summary>The faulty fields of a 422, in GitHub's form.</summary>
    public IReadOnlyList<FieldError> Fields { get; init; } = [];

    /// <summary>Headers that belong to this error (<c>WWW-Authenticate</c>, <c>Range</c>, <c>Retry-After</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Further members of GitHub's form that only this error has.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> More { get; init; } = [];

    /// <summary>The whole text. Clients print only the message, so it includes detail and remedy.</summary>
    public string Sentence
    {
        get
        {
            var text = Detail is null ? Message : $"{Message}: {Detail}";
            return Remedy is null ? text : $"{text} ({Remedy})";
        }
    }

    public ApiError With(string detail) => this with { Detail = detail };

    public ApiError Saying(string message) => this with { Message = message };

    public ApiError WithHeader(string name, string value) => this with { Headers = [.. Headers, new(name, value)] };

    public Task ExecuteAsync(HttpContext httpContext) => ErrorWriter.WriteAsync(httpContext, this);
}

/// <summary>
/// One field of a 422: <c>missing</c>, <c>missing_field</c>, <c>invalid</c>, <c>already_exists</c>, <c>unprocessable</c> or <c>custom</c>.
/// </summary>
public sealed record FieldError(string Resource, string Field, string Code, string? Message = null);

/// <summary>Throws an <see cref="ApiError"/> from a place too deep to return it.</summary>
public sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
