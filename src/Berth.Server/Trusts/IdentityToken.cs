using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Server.Json;

namespace Berth.Server.Trusts;

/// <summary>The claims of an ID token, as text.</summary>
internal sealed class IdentityClaims(JsonElement payload)
{
    private const int Longest = 1024;

    /// <summary>A string, number or truth value as written. Null for what is missing, is longer than an id can be, or is a list.</summary>
    public string? this[string name] => payload.TryGetProperty(name, out var value) ? Text(value) : null;

    /// <summary>One audience or a list of them (RFC 7519 section 4.1.3).</summary>
    public IReadOnlyList<string> Audiences =>
        !payload.TryGetProperty("aud", out var aud) ? []
        : aud.ValueKind == JsonValueKind.Array ? [.. aud.EnumerateArray().Select(Text).OfType<string>()]
        : Text(aud) is { } one ? [one]
        : [];

    /// <summary>Seconds since 1970 UTC (RFC 7519 section 2, NumericDate). Null when the value cannot be a time.</summary>
    public DateTimeOffset? Time(string name) =>
        payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and < 253_402_300_799
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    public bool Has(string name) => payload.TryGetProperty(name, out _);

    private static string? Text(JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };
        return text is { Length: <= Longest } && !text.Any(char.IsControl) ? text : null;
    }
}

/// <summary>
/// A JWS in compact form (RFC 7515), parsed and not verified. Nothing in it may be believed before <see cref="VerifyIdentity"/> has checked
/// the signature.
/// </summary>
internal sealed class IdentityToken
{
    /// <summary>The limit of characters, since an ID token that is sent as a password must fit into a header.</summary>
    public const int LargestCharacters = 12 * 1024;

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private IdentityToken(string text, string algorithm, string? keyId, string issuer, IdentityClaims claims) =>
        (Text, Algorithm, KeyId, Issuer, Claims) = (text, algorithm, keyId, issuer, claims);

    public string Text { get; }

    public string Algorithm { get; }

    public string? KeyId { get; }

    public string Issuer { get; }

    public IdentityClaims Claims { get; }

    /// <summary>Identifies the token: by its own id if the issuer gives one, else by the whole text.</summary>
    public byte[] UseHash => SHA256.HashData(Encoding.UTF8.GetBytes(
        Claims["jti"] is { Length: > 0 } id ? $"jti\n{Issuer}\n{id}" : $"token\n{Text[..Text.LastIndexOf('.')]}"));

    /// <summary>
    /// Whether the text has three parts, of which the first begins as every JSON object in base64 does. Berth's own tokens do not look like
    /// that.
    /// </summary>
    public static bool LooksLikeOne(string text) =>
        text.StartsWith("eyJ", StringComparison.Ordinal) && text.AsSpan().Count('.') == 2;

    /// <exception cref="IdentityRefusedException">The text is not a signed token of an accepted form.</exception>
    public static IdentityToken Parse(string text)
    {
        if (text.Length > LargestCharacters)
        {
            throw Malformed($"it has more than {LargestCharacters} characters");
        }

        var parts = text.Split('.');
        if (parts.Length != 3)
        {
            throw Malformed("it has not three parts; encrypted tokens are not taken");
        }

        var header = Object(parts[0], "header");
        var payload = Object(parts[1], "payload");
        if (header.TryGetProperty("crit", out _))
        {
            // RFC 7515 section 4.1.11: a critical extension that is not understood must be refused.
            throw Malformed("its header has critical extensions");
        }

        var claims = new IdentityClaims(payload);
        return new IdentityToken(
            text,
            header.TextOf("alg") ?? throw Malformed("its header names no algorithm"),
            header.TextOf("kid"),
            payload.TextOf("iss") is { Length: > 0 } issuer ? issuer : throw Malformed("it names no issuer"),
            claims);
    }

    private static JsonElement Object(string part, string name)
    {
        try
        {
            using var document = OutsideJson.Parse(Base64Url.DecodeFromChars(part), Reading);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw Malformed($"its {name} is no JSON object");
        }
        catch (Exception exception) when (exception is FormatException or OutsideJsonException)
        {
            throw Malformed($"its {name} is no JSON object in base64url, or has a member twice");
        }
    }

    private static IdentityRefusedException Malformed(string what) =>
        new(IdentityFault.Malformed, $"the ID token is not taken: {what}");
}
