using System.Text;

namespace Berth.Server.Authentication;

/// <summary>The secret in an <c>Authorization</c> header. A user name in Basic is ignored, since the token says whose it is.</summary>
internal readonly record struct Credentials(string Scheme, string? UserName, string Secret)
{
    private const int LongestHeader = 16 * 1024;

    public static bool TryParse(string? header, out Credentials credentials)
    {
        credentials = default;
        if (header is not { Length: > 0 and <= LongestHeader })
        {
            return false;
        }

        var space = header.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0)
        {
            return false;
        }

        var value = header[(space + 1)..].Trim();
        return header[..space].ToLowerInvariant() switch
        {
            "basic" => TryBasic(value, out credentials),
            "bearer" or "token" when value.Length > 0 => (credentials = new Credentials("bearer", null, value)) != default,
            _ => false,
        };
    }

    /// <summary>Decodes <c>base64(user:secret)</c>, or <c>base64(secret)</c>, which clients send to registries as a bearer token.</summary>
    public static bool TryDecode(string base64, out string? userName, out string secret)
    {
        userName = null;
        secret = "";
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
        {
            return false;
        }

        try
        {
            secret = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        var colon = secret.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            userName = secret[..colon];
            secret = secret[(colon + 1)..];
        }

        return secret.Length > 0;
    }

    private static bool TryBasic(string value, out Credentials credentials)
    {
        credentials = default;
        if (!TryDecode(value, out var user, out var secret) || user is null)
        {
            return false;
        }

        credentials = new Credentials("basic", user, secret);
        return true;
    }
}
