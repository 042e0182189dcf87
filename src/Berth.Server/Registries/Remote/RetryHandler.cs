using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Berth.Server.Http;
using Polly;
using Polly.Retry;

namespace Berth.Server.Registries.Remote;

/// <summary>
/// Repeats a request after a failure that may pass: the other side drops the connection, has an error of its own, or asks to come back
/// within seconds. All requests to registries and to AWS only read, so repeating one does no harm. A refusal, a rate limit or an unknown
/// name would stay the same and is answered at once.
/// </summary>
internal sealed class RetryHandler : DelegatingHandler
{
    private const int MostRetries = 2;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private readonly ResiliencePipeline<HttpResponseMessage> _pipeline;

    public RetryHandler(HttpMessageHandler inner, TimeProvider time)
        : base(inner)
    {
        _pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = MostRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstDelay,
                MaxDelay = LongestDelay,
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome.Result is { } response ? MayPass(response, time) : MayPass(arguments.Outcome.Exception)),
                DelayGenerator = arguments => ValueTask.FromResult(RetryAfter(arguments.Outcome.Result, time)),
            })
            .Build();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await _pipeline.ExecuteAsync(async token => await base.SendAsync(request, token), cancellationToken);

    private static bool MayPass(HttpResponseMessage response, TimeProvider time) =>
        response.StatusCode is HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.GatewayTimeout
        && !(RetryAfter(response, time) > LongestDelay);

    /// <summary>
    /// Whether the connection failed, or ended before an answer. Failures by names, certificates and Berth's own rule for addresses do not
    /// pass.
    /// </summary>
    private static bool MayPass(Exception? exception)
    {
        if (exception is not HttpRequestException
            {
                HttpRequestError: HttpRequestError.Unknown or HttpRequestError.ConnectionError or HttpRequestError.ResponseEnded,
            })
        {
            return false;
        }

        var broke = false;
        for (var cause = exception.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is OutgoingRefusedException or AuthenticationException)
            {
                return false;
            }

            broke |= cause is IOException or SocketException;
        }

        return broke;
    }

    /// <summary>Null when the answer does not say, or names a time in the past.</summary>
    private static TimeSpan? RetryAfter(HttpResponseMessage? response, TimeProvider time)
    {
        var delay = response?.Headers.RetryAfter is { } wait ? wait.Delta ?? wait.Date - time.GetUtcNow() : null;
        return delay > TimeSpan.Zero ? delay : null;
    }
}
