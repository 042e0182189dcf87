using System.Globalization;

namespace Berth.Server.Http;

/// <summary>
/// Gives every request an id, which is in the answer, in every error and in every log line of the request. It also sets the headers that
/// keep browsers from showing a package's content as a page.
/// </summary>
internal sealed partial class RequestIds(RequestDelegate next, ILogger<RequestIds> logger, TimeProvider time)
{
    private static long _last = Random.Shared.NextInt64(1L << 40);

    public async Task InvokeAsync(HttpContext http)
    {
        var id = Interlocked.Increment(ref _last).ToString("x12", CultureInfo.InvariantCulture);
        http.TraceIdentifier = id;
        SetHeaders(http);
        if (!logger.IsEnabled(LogLevel.Debug))
        {
            await next(http);
            return;
        }

        var path = http.Request.Path;

        // Through this scope inner log lines get the id. The query is left out, since it may contain upload states and cursors.
        using var scope = logger.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["RequestId"] = id });
        var started = time.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            LogRequest(http.Request.Method, path, http.Response.StatusCode, time.GetElapsedTime(started).TotalMilliseconds, id);
        }
    }

    /// <summary>Sets the headers. Called again after an exception, because the handler of exceptions removes all headers.</summary>
    public static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers["X-Request-Id"] = http.TraceIdentifier;
        headers.XContentTypeOptions = "nosniff";
        var surface = Surface.Of(http);
        if (surface.RequestIdHeader is { } header)
        {
            headers[header] = http.TraceIdentifier;
        }

        if (surface.ServesContent)
        {
            headers.ContentSecurityPolicy = "sandbox";
        }
    }

    // The level is Debug, since operators watch /metrics and the records of pushes. A line for every blob would hide everything else.
    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} {Path} {Status} in {Milliseconds:0.0} ms (request {RequestId})")]
    private partial void LogRequest(string method, string path, int status, double milliseconds, string requestId);
}
