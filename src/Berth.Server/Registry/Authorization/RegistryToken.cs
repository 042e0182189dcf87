using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Server.Cryptography;

namespace Berth.Server.Registry.Authorization;

/// <summary>One repository of a registry token: what was asked, and what of it is granted.</summary>
internal sealed record RegistryGrant(
    [property: JsonPropertyName("n")] string Name,
    [property: JsonPropertyName("a")] RegistryActions Asked,
    [property: JsonPropertyName("g")] RegistryActions Granted);

/// <summary>
/// What a client carries for five minutes instead of its credentials. Records the asked scopes, granted or not, so that the
/// registry can tell "not asked" (401, ask again) from "refused" (403).
/// </summary>
/// <param name="TokenId">The token it was made from; null for anonymous callers. It ends when that row does.</param>
/// <param name="ExpiresAt">Seconds since 1970 UTC.</param>
internal sealed record RegistryToken(
    [property: JsonPropertyName("t")] long? TokenId,
    [property: JsonPropertyName("e")] long ExpiresAt,
    [property: JsonPropertyName("s")] IReadOnlyList<RegistryGrant> Grants)
{
    public RegistryGrant? For(string name)
    {
        foreach (var grant in Grants)
        {
            if (grant.Name == name)
            {
                return grant;
            }
        }

        return null;
    }
}

[JsonSerializable(typeof(RegistryToken))]
internal sealed partial class RegistryTokenJson : JsonSerializerContext;

/// <summary>
/// Writes and verifies registry tokens: a JSON body and its HMAC-SHA256 under the server's key. Clients never look inside, so this
/// needs no JWT; what was verified is remembered until it expires.
/// </summary>
internal sealed class RegistryTokens(ServerKeys keys, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private const string Prefix = "berthr1.";
    private const int LargestRemembered = 20_000;
    private readonly ConcurrentDictionary<string, RegistryToken> _verified = new(StringComparer.Ordinal);

    public string Issue(long? tokenId, IReadOnlyList<RegistryGrant> grants)
    {
        var token = new RegistryToken(tokenId, (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds(), grants);
        var body = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(token, RegistryTokenJson.Default.RegistryToken));
        return $"{Prefix}{body}.{Mac(body)}";
    }

    public static bool LooksLikeOne(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    public bool TryVerify(string text, [NotNullWhen(true)] out RegistryToken? token)
    {
        if (!_verified.TryGetValue(text, out token) && !TryParse(text, out token))
        {
            return false;
        }

        if (token.ExpiresAt <= time.GetUtcNow().ToUnixTimeSeconds())
        {
            _verified.TryRemove(text, out _);
            return false;
        }

        return true;
    }

    private bool TryParse(string text, [NotNullWhen(true)] out RegistryToken? token)
    {
        token = null;
        var dot = text.LastIndexOf('.');
        if (!LooksLikeOne(text) || dot <= Prefix.Length)
        {
            return false;
        }

        var body = text[Prefix.Length..dot];
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Mac(body)), Encoding.ASCII.GetBytes(text[(dot + 1)..])))
        {
            return false;
        }

        token = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(body), RegistryTokenJson.Default.RegistryToken);
        if (token is null)
        {
            return false;
        }

        if (_verified.Count >= LargestRemembered)
        {
            _verified.Clear();
        }

        _verified[text] = token;
        return true;
    }

    private string Mac(string body) => Base64Url.EncodeToString(HMACSHA256.HashData(keys.RegistryToken, Encoding.ASCII.GetBytes(body)));
}
