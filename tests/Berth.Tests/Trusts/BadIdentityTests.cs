using System.Net;
using System.Text.Json.Nodes;

namespace Berth.Tests.Trusts;

/// <summary>ID tokens that must be refused, at both endpoints, with the reason that each is told.</summary>
public sealed class BadIdentityTests(TrustWorld world) : IClassFixture<TrustWorld>
{
    public static TheoryData<string, string> Bad => new()
    {
        { "alg none", "signed with none" },
        { "alg none, no signature", "signed with none" },
        { "HS256 with the public key", "signed with HS256" },
        { "HS256 with the public key, kid of the EC key", "signed with HS256" },
        { "RS1", "signed with RS1" },
        { "no alg", "names no algorithm" },
        { "critical extension", "critical extensions" },
        { "unknown kid", "has no key nobody" },
        { "kid that looks like a path", "has no key ../../dev/null" },
        { "kid of another kind of key", "has no key ec-1 for RS256" },
        { "no kid and two keys", "has no key without a name" },
        { "key in the header", "signature" },
        { "payload changed", "signature" },
        { "signature cut", "signature" },
        { "claim twice", "a member twice" },
        { "not JSON", "no JSON object" },
        { "five parts", "" },
        { "other issuer", "issuer is not trusted" },
        { "issuer with a slash", "issuer is not trusted" },
        { "issuer as a list", "names no issuer" },
        { "other audience", "audience is not trusted: https://elsewhere.example.test" },
        { "no audience", "names no audience" },
        { "audience in other letters", "audience is not trusted" },
        { "expired", "ended at" },
        { "no end", "has no time at which it ends" },
        { "lives for years", "more than 24 hours" },
        { "not yet", "of a time to come" },
        { "made in the future", "of a time to come" },
        { "times as text", "has no time at which it ends" },
        { "other repository", "id is not trusted: repository_id 666" },
        { "no repository id", "none of the ids that are trusted" },
        { "repository id as a list", "id is not trusted" },
        { "other ref", "ref is not trusted: refs/heads/dev" },
        { "no ref", "ref is not trusted" },
        { "other environment", "environment is not trusted: dev" },
        { "other event", "event is not trusted: schedule" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_bad_token_is_refused_with_its_reason(string what, string reason)
    {
        // The failures of the previous test are forgotten, so that this one's are answered at once.
        world.Server.Clock!.Advance(TimeSpan.FromMinutes(16));
        var place = await world.PlaceAsync("\"ref\":\"refs/heads/main\",\"environment\":\"prod\",\"event\":\"push\",");
        Assert.Equal(HttpStatusCode.OK, (await world.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)))).Status);
        var token = Make(what, place);

        var reply = await world.ExchangeAsync(token);
        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Contains(reason, reply["error_description"].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(place.Organization, reply.Body, StringComparison.Ordinal);

        var (status, body) = await world.LoginAsync(token);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        if (token.Count(c => c == '.') == 2 && token.StartsWith("eyJ", StringComparison.Ordinal))
        {
            Assert.Contains(reason, body.GetRawText(), StringComparison.Ordinal);
        }

        Assert.Equal(1, await world.CountTokensAsync(place.Trust));
    }

    [Fact]
    public async Task A_token_larger_than_a_header_is_refused_unread()
    {
        var place = await world.PlaceAsync();
        var token = world.Issuer.Sign(world.Claims(place.Id, claims => claims["groups_direct"] = new string('x', 12_000)));
        Assert.Contains("more than 12288 characters", (await world.ExchangeAsync(token)).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await world.LoginAsync(token)).Status);
    }

    [Theory]
    [InlineData(59, true)]
    [InlineData(61, false)]
    public async Task Clocks_may_differ_by_a_minute(int seconds, bool taken)
    {
        var place = await world.PlaceAsync();
        var now = world.Server.Clock!.GetUtcNow().ToUnixTimeSeconds();
        foreach (var claims in new[]
        {
            world.Claims(place.Id, claims => claims["exp"] = now - seconds),
            world.Claims(place.Id, claims => claims["nbf"] = now + seconds),
            world.Claims(place.Id, claims => claims["iat"] = now + seconds),
        })
        {
            Assert.Equal(
                taken ? HttpStatusCode.OK : HttpStatusCode.BadRequest, (await world.ExchangeAsync(world.Issuer.Sign(claims))).Status);
        }
    }

    [Fact]
    public async Task A_workflow_of_strangers_is_trusted_only_by_name()
    {
        var (any, named) = (await world.PlaceAsync(), await world.PlaceAsync("\"event\":\"pull_request_target\","));
        string Token(TrustedPlace place) =>
            world.Issuer.Sign(world.Claims(place.Id, claims => claims["event_name"] = "pull_request_target"));
        Assert.Contains("pull_request_target", (await world.ExchangeAsync(Token(any))).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await world.ExchangeAsync(Token(named))).Status);
    }

    private string Make(string what, TrustedPlace place)
    {
        var now = world.Server.Clock!.GetUtcNow().ToUnixTimeSeconds();
        string With(string claim, JsonNode? value) => world.Issuer.Sign(world.Claims(place.Id, claims =>
        {
            claims.Remove(claim);
            if (value is not null)
            {
                claims[claim] = value;
            }
        }));
        string Headed(Action<JsonObject> header) => world.Issuer.Sign(world.Claims(place.Id), header: header);
        var good = world.Issuer.Sign(world.Claims(place.Id));
        var parts = good.Split('.');
        return what switch
        {
            "alg none" => Headed(header => header["alg"] = "none") + "AA",
            "alg none, no signature" => Headed(header => header["alg"] = "none"),
            "HS256 with the public key" => Headed(header => header["alg"] = "HS256"),
            "HS256 with the public key, kid of the EC key" => Headed(header => (header["alg"], header["kid"]) = ("HS256", "ec-1")),
            "RS1" => Headed(header => header["alg"] = "RS1"),
            "no alg" => Headed(header => header.Remove("alg")),
            "critical extension" => Headed(header => header["crit"] = new JsonArray("exp")),
            "unknown kid" => Headed(header => header["kid"] = "nobody"),
            "kid that looks like a path" => Headed(header => header["kid"] = "../../dev/null"),
            "kid of another kind of key" => Headed(header => header["kid"] = "ec-1"),
            "no kid and two keys" => Headed(header => header.Remove("kid")),
            "key in the header" => Headed(header =>
            {
                header["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" };
                header["kid"] = "rsa-2";
            }),
            "payload changed" => $"{parts[0]}.{world.Issuer.Sign(world.Claims(place.Id)).Split('.')[1]}.{parts[2]}",
            "signature cut" => good[..^4],
            "claim twice" => Twice(good, place),
            "not JSON" => $"{parts[0]}.eyJ.{parts[2]}",
            "five parts" => good + ".AA.AA",
            "other issuer" => With("iss", "https://evil.example.test"),
            "issuer with a slash" => With("iss", world.Issuer.Url + "/"),
            "issuer as a list" => With("iss", new JsonArray(world.Issuer.Url)),
            "other audience" => With("aud", "https://elsewhere.example.test"),
            "no audience" => With("aud", null),
            "audience in other letters" => With("aud", TrustWorld.Audience.ToUpperInvariant()),
            "expired" => With("exp", now - 61),
            "no end" => With("exp", null),
            "lives for years" => With("exp", now + (400L * 86_400)),
            "not yet" => With("nbf", now + 120),
            "made in the future" => With("iat", now + 120),
            "times as text" => With("exp", $"{now + 300}"),
            "other repository" => With("repository_id", "666"),
            "no repository id" => With("repository_id", null),
            "repository id as a list" => With("repository_id", new JsonArray(place.Id)),
            "other ref" => With("ref", "refs/heads/dev"),
            "no ref" => With("ref", null),
            "other environment" => With("environment", "dev"),
            "other event" => With("event_name", "schedule"),
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };
    }

    /// <summary>Adds a second value. Two readers could choose different ones.</summary>
    private static string Twice(string token, TrustedPlace place)
    {
        var parts = token.Split('.');
        var payload = System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        var bytes = System.Text.Encoding.UTF8.GetBytes($"{{\"repository_id\":\"{place.Id}\",{payload[1..]}");
        return $"{parts[0]}.{System.Buffers.Text.Base64Url.EncodeToString(bytes)}.{parts[2]}";
    }
}
