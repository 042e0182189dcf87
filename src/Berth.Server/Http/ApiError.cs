namespace Berth.Server.Http;

/// <summary>
/// An error as a value: a status, a code of its surface's table and words for a person. It is a result that writes itself, in the
/// spelling of the surface it is returned from (<see cref="ErrorFormat"/>).
/// </summary>
/// <param name="Code">The code in the surface's own table: <c>BLOB_UNKNOWN</c>, or GitHub's validation code.</param>
/// <param name="Message">What was wrong, in a sentence. It never contains a secret or anything that the caller may not know.</param>
public sealed record ApiError(int Status, string Code, string Message) : IResult
{
    /// <summary>More about this one occurrence: a digest, a field, a position.</summary>
    public string? Detail { get; init; }

    /// <summary>The command or page that would put it right, for those who may know.</summary>
    public string? Remedy { get; init; }

    /// <summary>Field errors of a 422, in GitHub's shape.</summary>
    public IReadOnlyList<FieldError> Fields { get; init; } = [];

    /// <summary>Headers that belong to this error (<c>WWW-Authenticate</c>, <c>Range</c>, <c>Retry-After</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Further texts of GitHub's shape that belong to this error alone.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> More { get; init; } = [];

    /// <summary>All that there is to say. Clients print the message and nothing else, so detail and remedy stand in it.</summary>
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

/// <summary>Carries an <see cref="ApiError"/> out of a place too deep to return it.</summary>
public sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
