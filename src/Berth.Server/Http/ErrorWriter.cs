using System.Text.Json;
using Berth.Server.Json;
using Microsoft.AspNetCore.Diagnostics;

namespace Berth.Server.Http;

/// <summary>The only code that writes errors: returned ones, thrown ones, bugs (500, logged once) and empty status codes.</summary>
internal sealed partial class ErrorWriter(ILogger<ErrorWriter> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        RequestIds.SetHeaders(httpContext);
        switch (exception)
        {
            case ApiException api:
                await WriteAsync(httpContext, api.Error);
                break;
            case OperationCanceledException or IOException when httpContext.RequestAborted.IsCancellationRequested:
                httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                break;
            case BadHttpRequestException bad:
                await WriteAsync(httpContext, Errors.BadRequest(bad.StatusCode, bad.Message));
                break;
            case Exception when WriteConflicts.Of(exception) is { } conflict:
                LogConflict(conflict, httpContext.Request.Method, httpContext.Request.Path, httpContext.TraceIdentifier, exception.Message);
                await WriteAsync(httpContext, Errors.Of(conflict, ErrorFormat.Of(httpContext)));
                break;
            case Exception when StorageFaults.Of(exception) is { } fault:
                LogStorage(fault, exception.Message, httpContext.TraceIdentifier);
                await WriteAsync(httpContext, Errors.Of(fault));
                break;
            default:
                LogBug(exception, httpContext.Request.Method, httpContext.Request.Path, httpContext.TraceIdentifier);
                await WriteAsync(httpContext, Errors.Internal);
                break;
        }

        return true;
    }

    public static async Task WriteAsync(HttpContext http, ApiError error)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = error.Status;
        http.Response.Headers["X-Request-Id"] = http.TraceIdentifier;
        foreach (var (name, value) in error.Headers)
        {
            http.Response.Headers.Append(name, value);
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        var format = ErrorFormat.Of(http);
        using var body = new MemoryStream();
        await using (var json = new Utf8JsonWriter(body, BodyJson.Writing))
        {
            json.WriteStartObject();
            if (format == ErrorFormat.Oci)
            {
                WriteOci(json, error, http.TraceIdentifier);
            }
            else if (format == ErrorFormat.Npm || format == ErrorFormat.NpmExchange)
            {
                json.WriteString("error", error.Sentence);
                if (format == ErrorFormat.NpmExchange)
                {
                    json.WriteString("message", error.Sentence);
                }
            }
            else if (format == ErrorFormat.OAuth)
            {
                json.WriteString("error", error.Code);
                json.WriteString("error_description", error.Sentence);
            }
            else
            {
                WriteGitHub(json, error, http);
            }

            json.WriteEndObject();
        }

        http.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            body.Position = 0;

            // Do not cancel this when the client leaves, since that would be a second error while the first is handled.
            await body.CopyToAsync(http.Response.Body, CancellationToken.None);
        }
    }

    /// <summary>Writes a body for empty 4xx answers of the framework (no such route, wrong method, too large).</summary>
    public static Task WriteStatusAsync(HttpContext http) => WriteAsync(http, Errors.OfStatus(http));

    private static void WriteOci(Utf8JsonWriter json, ApiError error, string requestId)
    {
        json.WriteStartArray("errors");
        json.WriteStartObject();
        json.WriteString("code", error.Code);
        json.WriteString("message", error.Sentence);
        json.WriteStartObject("detail");
        if (error.Detail is not null)
        {
            json.WriteString("about", error.Detail);
        }

        if (error.Remedy is not null)
        {
            json.WriteString("remedy", error.Remedy);
        }

        json.WriteString("request_id", requestId);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteGitHub(Utf8JsonWriter json, ApiError error, HttpContext http)
    {
        json.WriteString("message", error.Sentence);
        if (error.Fields.Count > 0)
        {
            json.WriteStartArray("errors");
            foreach (var field in error.Fields)
            {
                json.WriteStartObject();
                json.WriteString("resource", field.Resource);
                json.WriteString("field", field.Field);
                json.WriteString("code", field.Code);
                if (field.Message is not null)
                {
                    json.WriteString("message", field.Message);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        foreach (var (name, value) in error.More)
        {
            json.WriteString(name, value);
        }

        json.WriteString("documentation_url", "https://docs.github.com/rest");
        json.WriteString("status", error.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        json.WriteString("request_id", http.TraceIdentifier);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed (request {RequestId})")]
    private partial void LogBug(Exception exception, string method, string path, string requestId);

    private void LogStorage(StorageFault fault, string reason, string requestId)
    {
        switch (fault)
        {
            case StorageFault.Full:
                LogStorageFull(reason, requestId);
                break;
            case StorageFault.ReadOnly:
                LogStorageReadOnly(reason, requestId);
                break;
            default:
                LogStorageBroken(reason, requestId);
                break;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Storage is full: {Reason} (request {RequestId})")]
    private partial void LogStorageFull(string reason, string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Storage can only be read: {Reason} (request {RequestId})")]
    private partial void LogStorageReadOnly(string reason, string requestId);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Storage fails, the disk may be broken: {Reason} (request {RequestId})")]
    private partial void LogStorageBroken(string reason, string requestId);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "{Method} {Path} met another request ({Conflict}): {Reason} (request {RequestId})")]
    private partial void LogConflict(WriteConflict conflict, string method, string path, string requestId, string reason);
}
