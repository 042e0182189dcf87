using System.Diagnostics.CodeAnalysis;
using Berth.Client.Wire;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>Answers in the wire format of <see cref="BerthJson"/>.</summary>
internal static class ApiResult
{
    /// <summary>The answer to a GET has an <c>ETag</c>.</summary>
    public static IResult Ok<T>(T value) => new RevalidatedJson<T>(value, BerthJson.Wire.Of<T>());

    public static IResult Created<T>(T value) => Results.Json(value, BerthJson.Wire.Of<T>(), statusCode: StatusCodes.Status201Created);

    public static IResult Accepted<T>(T value) => Results.Json(value, BerthJson.Wire.Of<T>(), statusCode: StatusCodes.Status202Accepted);

    public static IResult NoContent() => Results.NoContent();

    /// <summary>One page of a list, with the Link header.</summary>
    public static IResult Page<T>(HttpContext http, Paging paging, Page<T> page)
    {
        paging.WriteLinks(http, page.Total);
        return Ok(page.Items);
    }

    [DoesNotReturn]
    public static void Throw(this ApiError error) => throw new ApiException(error);
}
