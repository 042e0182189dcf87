using System.Globalization;

namespace Berth.Server.Http;

/// <summary>
/// Gives every request an id that is sent back, stands in every error and in every log line of the request; and the headers that
/// keep what a package serves from being taken for a page.
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

        // Sources of logs further in say the id through this scope. The query is left out: upload states and cursors are nobody's business.
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

    /// <summary>Set again after an exception, whose handler takes all headers off.</summary>
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

    // Debug: operators watch /metrics and what was pushed; a line for every blob would drown it.
    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} {Path} {Status} in {Milliseconds:0.0} ms (request {RequestId})")]
    private partial void LogRequest(string method, string path, int status, double milliseconds, string requestId);
}
