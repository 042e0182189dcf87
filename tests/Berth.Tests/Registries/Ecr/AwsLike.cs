using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Registries.Ecr;

/// <summary>
/// The part of AWS that issues logins for ECR. It verifies Signature Version 4 from the request as it arrived, with its own computation,
/// and answers GetAuthorizationToken (ECR, ECR Public) and AssumeRole. A test with Debian's aws command line confirms it.
/// </summary>
internal sealed partial class AwsLike(TimeProvider time)
{
    public const string KeyId = "AKIAIOSFODNN7EXAMPLE";
    public const string SecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    public const string DeniedKeyId = "AKIAI44QH8DHBEXAMPLE";
    public const string TemporaryKeyId = "ASIAIOSFODNN7EXAMPLE";
    public const string Role = "arn:aws:iam::123456789012:role/pull";
    public const string ExternalId = "acme-42";
    private const string SessionToken = "session/token+with=signs";

    private static readonly Dictionary<string, string> Secrets = new(StringComparer.Ordinal)
    {
        [KeyId] = SecretKey,
        [DeniedKeyId] = SecretKey,
        [TemporaryKeyId] = "temporary-secret",
    };

    private int _tokens;

    /// <summary>The granted requests: service, region and key id.</summary>
    public ConcurrentQueue<string> Granted { get; } = new();

    /// <summary>Whether AWS is out of order.</summary>
    public bool Down { get; set; }

    public async Task AnswerAsync(HttpContext http)
    {
        using var reader = new MemoryStream();
        await http.Request.Body.CopyToAsync(reader);
        var body = reader.ToArray();
        if (Down)
        {
            http.Response.StatusCode = 500;
            return;
        }

        var form = http.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.Ordinal) == true;
        if (Verify(http.Request, body, out var signer) is { } fault)
        {
            await RefuseAsync(http, form, fault);
            return;
        }

        if (form)
        {
            await AssumeAsync(http, signer, Encoding.UTF8.GetString(body));
        }
        else
        {
            await TokenAsync(http, signer, body);
        }
    }

    private sealed record Signer(string KeyId, string Region, string Service);

    private async Task TokenAsync(HttpContext http, Signer signer, byte[] body)
    {
        var target = http.Request.Headers["X-Amz-Target"].ToString();
        var isPublic = target == "SpencerFrontendService.GetAuthorizationToken";
        if ((isPublic ? "ecr-public" : "ecr") != signer.Service
            || (!isPublic && target != "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"))
        {
            await RefuseAsync(http, false, "UnknownOperationException");
            return;
        }

        if (signer.KeyId == DeniedKeyId)
        {
            await RefuseAsync(http, false, "AccessDeniedException");
            return;
        }

        using var document = JsonDocument.Parse(body);
        Granted.Enqueue($"{signer.Service} {signer.Region} {signer.KeyId}");
        var token = Convert.ToBase64String(Encoding.UTF8.GetBytes($"AWS:token-{Interlocked.Increment(ref _tokens)}"));
        var expires = time.GetUtcNow().AddHours(12).ToUnixTimeMilliseconds() / 1000.0;
        var data = string.Create(
            CultureInfo.InvariantCulture, $$"""{"authorizationToken":"{{token}}","expiresAt":{{expires}},"proxyEndpoint":"https://x"}""");
        http.Response.ContentType = "application/x-amz-json-1.1";
        await http.Response.WriteAsync(isPublic ? $$"""{"authorizationData":{{data}}}""" : $$"""{"authorizationData":[{{data}}]}""");
    }

    private static async Task AssumeAsync(HttpContext http, Signer signer, string body)
    {
        var fields = body.Split('&')
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1].Replace('+', ' ')), StringComparer.Ordinal);
        if (signer.Service != "sts"
            || fields["Action"] != "AssumeRole"
            || fields["RoleArn"] != Role
            || fields.GetValueOrDefault("ExternalId") is not (null or ExternalId))
        {
            await RefuseAsync(http, true, "AccessDenied");
            return;
        }

        await http.Response.WriteAsync($"""
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>{TemporaryKeyId}</AccessKeyId>
            <SecretAccessKey>temporary-secret</SecretAccessKey><SessionToken>{SessionToken}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>
            <AssumedRoleUser><Arn>{Role}</Arn><AssumedRoleId>x:berth</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>
            """);
    }

    private static Task RefuseAsync(HttpContext http, bool form, string type)
    {
        http.Response.StatusCode = form ? 403 : 400;
        http.Response.ContentType = form ? "text/xml" : "application/x-amz-json-1.1";
        return http.Response.WriteAsync(form
            ? $"<ErrorResponse><Error><Type>Sender</Type><Code>{type}</Code><Message>not authorized to perform: "
                + "sts:AssumeRole</Message></Error></ErrorResponse>"
            : $$"""{"__type":"com.amazonaws#{{type}}","message":"User: arn:aws:iam::123456789012:user/ada is not authorized"}""");
    }

    /// <summary>
    /// Null when the signature is that of the key's owner. It uses only the request as it arrived, with the signed parts that its own
    /// headers name. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    /// </summary>
    private string? Verify(HttpRequest request, byte[] body, out Signer signer)
    {
        signer = new Signer("", "", "");
        var match = AuthorizationGrammar().Match(request.Headers.Authorization.ToString());
        if (!match.Success || !Secrets.TryGetValue(match.Groups["key"].Value, out var secret))
        {
            return "UnrecognizedClientException";
        }

        signer = new Signer(match.Groups["key"].Value, match.Groups["region"].Value, match.Groups["service"].Value);
        var stamp = request.Headers["X-Amz-Date"].ToString();
        if (!DateTimeOffset.TryParseExact(
            stamp, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var signedAt)
            || (signedAt - time.GetUtcNow()).Duration() > TimeSpan.FromMinutes(5) || stamp[..8] != match.Groups["date"].Value)
        {
            return "InvalidSignatureException";
        }

        var names = match.Groups["headers"].Value.Split(';');
        if (!names.Contains("host")
            || !names.Contains("x-amz-date")
            || (signer.KeyId == TemporaryKeyId
                && (!names.Contains("x-amz-security-token") || request.Headers["X-Amz-Security-Token"] != SessionToken)))
        {
            return "InvalidSignatureException";
        }

        using var canonical = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Line(string text) => canonical.AppendData(Encoding.UTF8.GetBytes(text));
        Line(request.Method + "\n" + request.Path.Value + "\n" + request.QueryString.Value?.TrimStart('?') + "\n");
        foreach (var name in names)
        {
            Line(name + ":" + Spaces().Replace(request.Headers[name].ToString().Trim(), " ") + "\n");
        }

        Line("\n" + match.Groups["headers"].Value + "\n" + Hex(SHA256.HashData(body)));
        var scope = string.Join('/', match.Groups["date"].Value, signer.Region, signer.Service, "aws4_request");
        var text = "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + Hex(canonical.GetHashAndReset());
        var key = scope.Split('/')
            .Aggregate(
                Encoding.UTF8.GetBytes("AWS4" + secret), (previous, part) => HMACSHA256.HashData(previous, Encoding.UTF8.GetBytes(part)));
        return Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text))) == match.Groups["signature"].Value
            ? null
            : "InvalidSignatureException";
    }

    private static string Hex(byte[] bytes) => string.Concat(bytes.Select(value => value.ToString("x2", CultureInfo.InvariantCulture)));

    [GeneratedRegex(
        "^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)/(?<date>[0-9]{8})/(?<region>[^/]+)/(?<service>[^/]+)/aws4_request, "
            + "?SignedHeaders=(?<headers>[^,]+), ?Signature=(?<signature>[0-9a-f]{64})$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AuthorizationGrammar();

    [GeneratedRegex(" +", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Spaces();
}
