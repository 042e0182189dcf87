using System.Buffers.Text;
using System.Text.Json;
using Berth.Server.Json;
using Microsoft.IdentityModel.Tokens;

namespace Berth.Server.Trusts;

/// <summary>
/// The public keys of an issuer that may check signatures: RSA and elliptic curves of sufficient size. Symmetric keys and keys for
/// encryption are left out, so that no public key can be used as a shared secret.
/// </summary>
internal sealed class IssuerKeySet
{
    private const int MostKeys = 100;
    private const int LeastModulus = 2048 / 8;
    private const int LargestModulus = 8192 / 8;
    private const int LargestExponent = 4;

    /// <summary>
    /// The accepted signature algorithms, with the curve of each. <c>none</c> and algorithms with a shared secret are never among them.
    /// </summary>
    private static readonly Dictionary<string, string?> Curves = new(StringComparer.Ordinal)
    {
        ["RS256"] = null,
        ["RS384"] = null,
        ["RS512"] = null,
        ["PS256"] = null,
        ["PS384"] = null,
        ["PS512"] = null,
        ["ES256"] = "P-256",
        ["ES384"] = "P-384",
        ["ES512"] = "P-521",
    };

    private readonly List<JsonWebKey> _keys;

    private IssuerKeySet(List<JsonWebKey> keys) => _keys = keys;

    public static IReadOnlyCollection<string> Algorithms => Curves.Keys;

    /// <summary>RFC 7517 section 5: a key that cannot be used is skipped.</summary>
    /// <exception cref="OutsideJsonException">The document is not JSON.</exception>
    public static IssuerKeySet Parse(ReadOnlyMemory<byte> json)
    {
        using var document = OutsideJson.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
        return new IssuerKeySet([
            .. document.RootElement.ListOf("keys").Take(MostKeys).Select(Usable).OfType<JsonWebKey>(),
        ]);
    }

    /// <summary>The keys that may have made a signature: those with that id or, if none is named, the only one of its kind.</summary>
    public IReadOnlyList<JsonWebKey> For(string algorithm, string? keyId)
    {
        if (!Curves.TryGetValue(algorithm, out var curve))
        {
            return [];
        }

        List<JsonWebKey> fitting = [
            .. _keys.Where(key => (key.Alg is null || key.Alg == algorithm)
                && (curve is null ? key.Kty == JsonWebAlgorithmsKeyTypes.RSA : key.Crv == curve)
                && (keyId is null || key.Kid == keyId)),
        ];
        return keyId is null && fitting.Count > 1 ? [] : fitting;
    }

    private static JsonWebKey? Usable(JsonElement key)
    {
        if (key.TextOf("use") is not (null or "sig")
            || (key.ListOf("key_ops").ToList() is { Count: > 0 } uses && !uses.Exists(use => use.ValueEquals("verify"))))
        {
            return null;
        }

        var made = new JsonWebKey { Kty = key.TextOf("kty"), Kid = key.TextOf("kid"), Alg = key.TextOf("alg") };
        switch (made.Kty)
        {
            case JsonWebAlgorithmsKeyTypes.RSA when Length(key, "n") is >= LeastModulus and <= LargestModulus
                && Length(key, "e") is > 0 and <= LargestExponent:
                made.N = key.TextOf("n");
                made.E = key.TextOf("e");
                return made;
            case JsonWebAlgorithmsKeyTypes.EllipticCurve when key.TextOf("crv") is { } curve && Curves.ContainsValue(curve)
                && Length(key, "x") > 0 && Length(key, "y") > 0:
                made.Crv = curve;
                made.X = key.TextOf("x");
                made.Y = key.TextOf("y");
                return made;
            default:
                return null;
        }
    }

    /// <summary>The length in bytes of a number in base64url. 0 when it is none.</summary>
    private static int Length(JsonElement key, string name) =>
        key.TextOf(name) is { } text && Base64Url.IsValid(text, out var length) ? length : 0;
}
