using System.Net;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Trusts;

/// <summary>What Berth requests from an issuer: how often, how much of it, and what it does not request.</summary>
public sealed class IssuerTests
{
    [Fact]
    public async Task Keys_are_read_once_and_again_for_a_new_key_but_at_most_once_a_minute()
    {
        await using var world = new Owned();
        var place = await world.StartAsync();
        Task<HttpStatusCode> ExchangeAsync(string key) => world.ExchangeAsync(place, key);
        Assert.Equal(HttpStatusCode.OK, await ExchangeAsync("rsa-1"));
        Assert.Equal(HttpStatusCode.OK, await ExchangeAsync("ec-1"));
        Assert.Equal(1, world.Issuer.Reads);

        world.Issuer.AddRsa("new");
        Assert.Equal(HttpStatusCode.BadRequest, await ExchangeAsync("new"));
        Assert.Equal(1, world.Issuer.Reads);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.OK, await ExchangeAsync("new"));
        Assert.Equal(2, world.Issuer.Reads);
    }

    [Fact]
    public async Task A_key_that_was_taken_back_is_good_for_an_hour_at_most()
    {
        await using var world = new Owned();
        var place = await world.StartAsync();
        world.Issuer.AddRsa("old");
        Assert.Equal(HttpStatusCode.OK, await world.ExchangeAsync(place, "old"));
        world.Clock.Advance(TimeSpan.FromHours(1));
        var token = world.Issuer.Sign(world.Claims(place.Id), "old");
        world.Issuer.Remove("old");
        Assert.Equal(HttpStatusCode.BadRequest, (await world.World.ExchangeAsync(token)).Status);
    }

    [Fact]
    public async Task While_an_issuer_is_away_its_keys_of_the_last_day_go_on()
    {
        await using var world = new Owned();
        var place = await world.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await world.ExchangeAsync(place, "rsa-1"));
        world.Issuer.Instead = NotThere;
        world.Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(HttpStatusCode.OK, await world.ExchangeAsync(place, "rsa-1"));
        world.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await world.ExchangeAsync(place, "rsa-1"));
        world.Issuer.Instead = _ => Task.FromResult(false);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.OK, await world.ExchangeAsync(place, "rsa-1"));
    }

    public static TheoryData<string, string> Unreadable => new()
    {
        { "redirect", "answers 302" },
        { "huge discovery", "more than 64 KiB" },
        { "huge keys", "more than 256 KiB" },
        { "another issuer", "names another issuer" },
        { "keys inside", "is not a globally routable address" },
        { "keys in plain http elsewhere", "no https address of keys" },
        { "no JSON", "is no JSON" },
        { "not there", "answers 404" },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public async Task What_an_issuer_must_not_publish_is_not_read(string what, string reason)
    {
        await using var world = new Owned();
        var place = await world.StartAsync();
        var reached = false;
        world.Issuer.Instead = async http =>
        {
            reached |= http.Request.Path == "/inside";
            return await AnswerAsync(http, what, world.Issuer.Url);
        };
        var reply = await world.World.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.Status);
        Assert.Equal("temporarily_unavailable", reply["error"].GetString());
        Assert.Contains(reason, reply["error_description"].GetString(), StringComparison.Ordinal);
        Assert.False(reached);
    }

    [Fact]
    public async Task An_issuer_in_the_servers_own_network_is_asked_only_where_that_is_allowed()
    {
        await using var world = new Owned();
        var place = await world.StartAsync("BERTH_ALLOWED_NETWORKS=192.0.2.1");
        var reply = await world.World.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)));
        Assert.Contains("BERTH_ALLOWED_NETWORKS", reply["error_description"].GetString(), StringComparison.Ordinal);
        Assert.Equal(0, world.Issuer.Reads);
    }

    [Fact]
    public async Task An_issuer_that_nobody_trusts_is_asked_for_nothing()
    {
        await using var world = new Owned();
        var place = await world.StartAsync();
        await place.Owner.DoAsync("DELETE", $"/repos/{place.Repository}/trusts/{place.Trust}");
        Assert.Equal(HttpStatusCode.BadRequest, await world.ExchangeAsync(place, "rsa-1"));
        Assert.Equal(0, world.Issuer.Reads);
    }

    [Fact]
    public async Task A_small_key_checks_nothing()
    {
        await using var world = new Owned();
        var place = await world.StartAsync();
        world.Issuer.AddRsa("small", bits: 1024);
        Assert.Equal(HttpStatusCode.BadRequest, await world.ExchangeAsync(place, "small"));
    }

    private static Task<bool> NotThere(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.FromResult(true);
    }

    private static async Task<bool> AnswerAsync(HttpContext http, string what, string url)
    {
        var discovery = http.Request.Path == "/.well-known/openid-configuration";
        var answer = what switch
        {
            "huge discovery" when discovery => new string(' ', 65 * 1024),
            "huge keys" when !discovery => new string(' ', 257 * 1024),
            "another issuer" when discovery => $$"""{"issuer":"{{url}}/","jwks_uri":"{{url}}/keys"}""",
            "keys inside" when discovery => $$"""{"issuer":"{{url}}","jwks_uri":"https://10.0.0.1/inside"}""",
            "keys in plain http elsewhere" when discovery => $$"""{"issuer":"{{url}}","jwks_uri":"http://keys.example.test/keys"}""",
            "no JSON" => "<html>",
            _ => null,
        };
        if (answer is not null)
        {
            await http.Response.WriteAsync(answer, http.RequestAborted);
            return true;
        }

        if (what == "redirect")
        {
            http.Response.Redirect("/inside");
            return true;
        }

        return what == "not there" && await NotThere(http);
    }

    /// <summary>A world whose clock and issuer only one test changes.</summary>
    private sealed class Owned : IAsyncDisposable
    {
        private BerthServer? _server;

        public TrustWorld World { get; } = new();

        public TestIssuer Issuer => World.Issuer;

        public ManualTimeProvider Clock => World.Server.Clock!;

        public async Task<TrustedPlace> StartAsync(params string[] settings)
        {
            await World.InitializeAsync(settings);
            _server = World.Server;
            return await World.PlaceAsync();
        }

        public System.Text.Json.Nodes.JsonObject Claims(string id) => World.Claims(id);

        public async Task<HttpStatusCode> ExchangeAsync(TrustedPlace place, string key) =>
            (await World.ExchangeAsync(Issuer.Sign(World.Claims(place.Id), key))).Status;

        public async ValueTask DisposeAsync()
        {
            if (_server is not null)
            {
                await World.DisposeAsync();
            }
        }
    }
}
