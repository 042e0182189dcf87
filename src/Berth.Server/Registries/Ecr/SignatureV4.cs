using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Registries.Ecr;

/// <summary>An AWS access key pair. A temporary one has a session token.</summary>
public sealed record AwsKeyPair(string AccessKeyId, string SecretAccessKey, string? SessionToken = null)
{
    public override string ToString() => AccessKeyId;
}

/// <summary>
/// AWS Signature Version 4 for a POST without query to the root of an endpoint. Berth makes no other calls.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
/// </summary>
internal static class SignatureV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>
    /// Returns the headers to add: <c>X-Amz-Date</c>, <c>Authorization</c> and, for temporary keys, <c>X-Amz-Security-Token</c>.
    /// </summary>
    /// <param name="endpoint">Scheme and host. The path is <c>/</c>.</param>
    /// <param name="now">The time of the request. AWS refuses clocks that are minutes off.</param>
    public static Dictionary<string, string> Sign(
        Uri endpoint, IReadOnlyDictionary<string, string> headers, ReadOnlySpan<byte> body, AwsKeyPair keys, string region, string service,
        DateTimeOffset now)
    {
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var date = time[..8];
        var added = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Amz-Date"] = time };
        if (keys.SessionToken is not null)
        {
            added["X-Amz-Security-Token"] = keys.SessionToken;
        }

        var signed = headers.Concat(added)
            .Append(new KeyValuePair<string, string>("Host", endpoint.Authority))
            .Select(
                pair => (
                    Name: pair.Key.ToLowerInvariant(),
                    Value: string.Join(' ', pair.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))))
            .OrderBy(pair => pair.Name, StringComparer.Ordinal)
            .ToList();
        var names = string.Join(';', signed.Select(pair => pair.Name));
        var canonical = $"POST\n/\n\n{string.Concat(signed.Select(pair => $"{pair.Name}:{pair.Value}\n"))}\n{names}\n"
            + $"{Hex(SHA256.HashData(body))}";
        var scope = $"{date}/{region}/{service}/aws4_request";
        var toSign = $"{Algorithm}\n{time}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Hmac(Hmac(Hmac(Hmac(Encoding.UTF8.GetBytes("AWS4" + keys.SecretAccessKey), date), region), service), "aws4_request");
        added[
            "Authorization"] = $"{Algorithm} Credential={keys.AccessKeyId}/{scope}, SignedHeaders={names}, "
                + $"Signature={Hex(Hmac(key, toSign))}";
        return added;
    }

    private static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
