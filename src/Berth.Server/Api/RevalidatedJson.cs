using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Server.Api;

/// <summary>
/// JSON that is <see cref="Revalidated"/> in answers to GET. It is one page or one thing, so it is written to memory as a whole.
/// </summary>
internal sealed class RevalidatedJson<T>(T value, JsonTypeInfo<T> type) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var method = httpContext.Request.Method;
        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method)
            ? new Revalidated(JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json; charset=utf-8").ExecuteAsync(httpContext)
            : Results.Json(value, type).ExecuteAsync(httpContext);
    }
}
