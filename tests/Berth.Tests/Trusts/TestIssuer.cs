using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Tests.Trusts;

/// <summary>
/// A CI system's issuer on a real socket, with discovery, keys that can be rotated, and ID tokens. It signs with .NET's primitives, so that
/// it can make tokens that no library would make.
/// </summary>
public sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, AsymmetricAlgorithm> _keys = new(StringComparer.Ordinal);

    private TestIssuer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
        AddRsa("rsa-1");
        AddRsa("rsa-2");
        AddEc("ec-1");
    }

    public string Url { get; private set; } = "";

    /// <summary>How often the keys were read.</summary>
    public int Reads { get; private set; }

    /// <summary>Answers in place of what is published. Returns true when it did.</summary>
    public Func<HttpContext, Task<bool>> Instead { get; set; } = _ => Task.FromResult(false);

    public static async Task<TestIssuer> StartAsync()
    {
        var issuer = new TestIssuer();
        await issuer._app.StartAsync(TestContext.Current.CancellationToken);
        issuer.Url = issuer._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return issuer;
    }

    public void AddRsa(string id, int bits = 2048) => _keys[id] = RSA.Create(bits);

    public void AddEc(string id) => _keys[id] = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Remove(string id) => _keys.Remove(id);

    /// <summary>The bytes of the public key as published, which a confused verifier might take for a shared secret.</summary>
    public byte[] PublicBytes(string id) => Encoding.UTF8.GetBytes(((RSA)_keys[id]).ExportRSAPublicKeyPem());

    /// <summary>A token with the claims, signed by the key of that id in the way that its header says.</summary>
    public string Sign(JsonObject claims, string keyId = "rsa-1", Action<JsonObject>? header = null)
    {
        var head = new JsonObject
        {
            ["alg"] = _keys[keyId] is RSA ? "RS256" : "ES256",
            ["typ"] = "JWT",
            ["kid"] = keyId,
        };
        header?.Invoke(head);
        var signed = $"{Encode(head)}.{Encode(claims)}";
        var signature = Signature(head["alg"]?.GetValue<string>() ?? "", _keys[keyId], Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        foreach (var key in _keys.Values)
        {
            key.Dispose();
        }
    }

    private static byte[] Signature(string algorithm, AsymmetricAlgorithm key, byte[] signed) => (algorithm, key) switch
    {
        ("RS256", RSA rsa) => rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ("PS256", RSA rsa) => rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        ("ES256", ECDsa ec) => ec.SignData(signed, HashAlgorithmName.SHA256),
        ("RS1", RSA rsa) => rsa.SignData(signed, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1),
        ("HS256", RSA rsa) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(rsa.ExportRSAPublicKeyPem()), signed),
        _ => [],
    };

    private async Task AnswerAsync(HttpContext http)
    {
        if (await Instead(http))
        {
            return;
        }

        if (http.Request.Path == "/.well-known/openid-configuration")
        {
            await http.Response.WriteAsJsonAsync(
                new JsonObject { ["issuer"] = Url, ["jwks_uri"] = Url + "/keys" }, http.RequestAborted);
        }
        else if (http.Request.Path == "/keys")
        {
            Reads++;
            await http.Response.WriteAsJsonAsync(
                new JsonObject { ["keys"] = new JsonArray([.. _keys.Select(key => (JsonNode)Public(key.Key, key.Value))]) },
                http.RequestAborted);
        }
        else
        {
            http.Response.StatusCode = (int)HttpStatusCode.NotFound;
        }
    }

    private static JsonObject Public(string id, AsymmetricAlgorithm key)
    {
        if (key is RSA rsa)
        {
            var numbers = rsa.ExportParameters(includePrivateParameters: false);
            return new JsonObject
            {
                ["kty"] = "RSA",
                ["kid"] = id,
                ["use"] = "sig",
                ["alg"] = "RS256",
                ["n"] = Base64Url.EncodeToString(numbers.Modulus),
                ["e"] = Base64Url.EncodeToString(numbers.Exponent),
            };
        }

        var point = ((ECDsa)key).ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject
        {
            ["kty"] = "EC",
            ["kid"] = id,
            ["crv"] = "P-256",
            ["x"] = Base64Url.EncodeToString(point.X),
            ["y"] = Base64Url.EncodeToString(point.Y),
        };
    }
}
