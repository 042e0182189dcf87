using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Trusts;

/// <summary>
/// A server that may connect to an issuer on this machine, an organization with a repository, and the tokens of its jobs.
/// </summary>
public sealed class TrustWorld : IAsyncLifetime
{
    public const string Audience = "https://berth.example.test";
    private BerthServer? _server;
    private TestIssuer? _issuer;

    public BerthServer Server => _server!;

    public TestIssuer Issuer => _issuer!;

    public async ValueTask InitializeAsync() => await InitializeAsync([]);

    public async Task InitializeAsync(string[] settings)
    {
        _issuer = await TestIssuer.StartAsync();
        _server = await BerthServer.StartAsync(manualClock: true, ["BERTH_ALLOWED_NETWORKS=127.0.0.1", .. settings]);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    /// <summary>The claims of a job of GitHub Actions, valid for five minutes. Each has its own <c>jti</c>.</summary>
    public JsonObject Claims(string repositoryId, Action<JsonObject>? change = null)
    {
        var now = Server.Clock!.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = Issuer.Url,
            ["aud"] = Audience,
            ["sub"] = "repo:octo/app:ref:refs/heads/main",
            ["jti"] = Persons.Unique("jti"),
            ["iat"] = now,
            ["nbf"] = now - 600,
            ["exp"] = now + 300,
            ["repository"] = "octo/app",
            ["repository_id"] = repositoryId,
            ["repository_owner_id"] = "77",
            ["run_id"] = "4711",
            ["sha"] = "0123456789abcdef0123456789abcdef01234567",
            ["ref"] = "refs/heads/main",
            ["event_name"] = "push",
            ["environment"] = "prod",
        };
        change?.Invoke(claims);
        return claims;
    }

    /// <summary>Creates an owner, an organization, a repository, and its trust in a repository id that nobody else has.</summary>
    public async Task<TrustedPlace> PlaceAsync(string more = "", string packages = "write")
    {
        var ada = await Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme);
        var id = Persons.Unique("id");
        var trust = await ada.DoAsync(
            "POST", $"/repos/{app}/trusts",
            $$$"""
            {"provider":"github","issuer":"{{{Issuer.Url}}}","audience":"{{{Audience}}}","value":"{{{id}}}",{{{more}}}
             "permissions":{"packages":"{{{packages}}}"}}
            """);
        return new TrustedPlace(ada, acme, app, id, trust["id"].GetInt64());
    }

    public async Task<Reply> ExchangeAsync(string idToken, params (string Name, string Value)[] more)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["subject_token"] = idToken,
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:id_token",
        };
        foreach (var (name, value) in more)
        {
            fields[name] = value;
        }

        using var client = Server.Client();
        using var form = new FormUrlEncodedContent(fields.Where(field => field.Value.Length > 0));
        var response = await client.PostAsync(
            new Uri("/oauth/token", UriKind.Relative), form, TestContext.Current.CancellationToken);
        return new Reply(
            response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    /// <summary>A caller with the token for which an ID token was exchanged.</summary>
    public async Task<Person> WorkflowAsync(string idToken)
    {
        var reply = await ExchangeAsync(idToken);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        return new Person(Server, "workflow", reply["access_token"].GetString()!);
    }

    /// <summary>Logs in as docker does, with the ID token as the password.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> LoginAsync(string idToken, string user = "oidc", string scope = "")
    {
        using var client = Server.Client();
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(
            System.Text.Encoding.UTF8.GetBytes($"{user}:{idToken}")));
        using var response = await client.GetAsync(
            new Uri($"/token?service=x&scope={scope}", UriKind.Relative), TestContext.Current.CancellationToken);
        return (
            response.StatusCode,
            JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>The recorded actions of a run, in order.</summary>
    public Task<List<string>> EventsOfRunAsync(string owner, string run, string gitRef, string environment) =>
        Server.Services.GetRequiredService<Db>().ReadAsync(
            session => session.QueryAsync<string>(
                """
                select kind from package_events where owner = @owner and run = @run and ref = @gitRef and environment = @environment
                order by id
                """,
                new { owner, run, gitRef, environment }),
            TestContext.Current.CancellationToken);

    public Task<long> CountTokensAsync(long trust) => Server.Services.GetRequiredService<Db>().ReadAsync(
        session => session.SingleAsync<long>("select count(*) from tokens where trust_id = @trust", new { trust }),
        TestContext.Current.CancellationToken);
}

/// <summary>A repository that trusts an id.</summary>
public sealed record TrustedPlace(Person Owner, string Organization, string Repository, string Id, long Trust);
