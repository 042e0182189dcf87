using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Server.Cryptography;
using Berth.Server.Database;

namespace Berth.Server.Registry.Authorization;

/// <summary>One repository of a registry token: the requested actions, and those that are granted.</summary>
internal sealed record RegistryGrant(
    [property: JsonPropertyName("n")] string Name,
    [property: JsonPropertyName("a")] RegistryActions Asked,
    [property: JsonPropertyName("g")] RegistryActions Granted);

/// <summary>
/// What a client carries for five minutes instead of its credentials. It contains the requested scopes, granted or not, so that the
/// registry can tell "not asked" (401, ask again) from "refused" (403).
/// </summary>
/// <param name="TokenId">The token that it was made from. It ends when that token's row does. Null: an anonymous caller.</param>
/// <param name="ExpiresAt">Seconds since 1970 UTC.</param>
/// <param name="Catalog">Whether it was asked for the list of what its bearer may pull.</param>
internal sealed record RegistryToken(
    [property: JsonPropertyName("t")] long? TokenId,
    [property: JsonPropertyName("e")] long ExpiresAt,
    [property: JsonPropertyName("s")] IReadOnlyList<RegistryGrant> Grants,
    [property: JsonPropertyName("c")] bool Catalog = false)
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
/// Writes and verifies registry tokens: a JSON body and its HMAC-SHA256 with the server's key. Clients never look inside, so no JWT is
/// needed. Verified tokens are cached for a while, up to a number of bytes, since anybody may ask for any number of tokens.
/// </summary>
internal sealed class RegistryTokens(ServerKeys keys, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private const string Prefix = "berthr1.";

    /// <summary>Ordinary tokens have a few hundred characters. A token with many scopes is not cached, but verified each time.</summary>
    private readonly SizedCache<string, RegistryToken> _verified = new(mostBytes: 16 << 20, largest: 16 << 10);

    public string Issue(long? tokenId, IReadOnlyList<RegistryGrant> grants, bool catalog = false)
    {
        var token = new RegistryToken(tokenId, (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds(), grants, catalog);
        var body = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(token, RegistryTokenJson.Default.RegistryToken));
        return $"{Prefix}{body}.{Mac(body)}";
    }

    public static bool LooksLikeOne(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    public bool TryVerify(string text, [NotNullWhen(true)] out RegistryToken? token)
    {
        if (!_verified.TryGet(text, out token) && !TryParse(text, out token))
        {
            return false;
        }

        if (token.ExpiresAt <= time.GetUtcNow().ToUnixTimeSeconds())
        {
            _verified.Remove(text);
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

        _verified.Add(text, token, Bytes(text, token));
        return true;
    }

    /// <summary>The memory that a cached token takes: two bytes a character, and an object for each part.</summary>
    private static long Bytes(string text, RegistryToken token) =>
        256 + (2L * text.Length) + token.Grants.Sum(grant => 96 + (2L * grant.Name.Length));

    private string Mac(string body) => Base64Url.EncodeToString(HMACSHA256.HashData(keys.RegistryToken, Encoding.ASCII.GetBytes(body)));
}
