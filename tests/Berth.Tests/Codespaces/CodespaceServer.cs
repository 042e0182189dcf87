using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Authentication;
using Berth.Tests.Access;
using Berth.Tests.Codespaces;
using Berth.Tests.TestServer;

[assembly: AssemblyFixture(typeof(CodespaceServer))]

namespace Berth.Tests.Codespaces;

/// <summary>
/// A server without a container engine, for what codespaces do without one. Tests use their own names and run in parallel.
/// </summary>
public sealed class CodespaceServer : IAsyncLifetime
{
    private BerthServer? _server;

    public BerthServer Server => _server ?? throw new InvalidOperationException("not started");

    internal Seed Seed => new(Server);

    public async ValueTask InitializeAsync() =>
        _server = await BerthServer.StartAsync(manualClock: false, "BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock");

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>A client with a fresh personal token of the user.</summary>
    internal Task<HttpClient> ClientAsync(UserPrincipal user, string scopes = "codespace", string? patterns = null) =>
        ClientAsync(
            new NewTokenRow
            {
                Kind = "personal",
                Hash = [],
                UserId = user.UserId,
                Scopes = scopes,
                Patterns = patterns,
                CreatedAt = DateTimeOffset.UnixEpoch,
            });

    /// <summary>A client of the test's own server, with a fresh personal token of the user.</summary>
    internal static Task<HttpClient> ClientAsync(BerthServer server, UserPrincipal user) => ClientAsync(
        server,
        new NewTokenRow { Kind = "personal", Hash = [], UserId = user.UserId, Scopes = "codespace", CreatedAt = DateTimeOffset.UnixEpoch });

    /// <summary>A client with the token that a start of the codespace would have.</summary>
    internal Task<HttpClient> ClientOfAsync(JsonElement codespace, UserPrincipal creator, long repository) => ClientAsync(new NewTokenRow
    {
        Kind = "codespace",
        Hash = [],
        UserId = creator.UserId,
        RepositoryId = repository,
        CodespaceId = codespace.GetProperty("id").GetInt64(),
        CreatedAt = DateTimeOffset.UnixEpoch,
    });

    internal static async Task<JsonElement> CreateAsync(HttpClient client, string repository, object? body = null)
    {
        using var response = await client.PostAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces", body ?? new { }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    /// <summary>Follows the log to the end of the start.</summary>
    internal static Task<string> LogAsync(HttpClient client, string name) =>
        client.GetStringAsync(
            new Uri($"/api/v3/user/codespaces/{name}/creation-log?follow=true", UriKind.Relative), TestContext.Current.CancellationToken);

    internal static Task<JsonElement> GetAsync(HttpClient client, string path) =>
        client.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    private Task<HttpClient> ClientAsync(NewTokenRow token) => ClientAsync(Server, token);

    private static async Task<HttpClient> ClientAsync(BerthServer server, NewTokenRow token)
    {
        var secret = TokenSecret.Create(TokenSecret.Personal);
        await new Seed(server).Db.WriteAsync(
            session => TokenTable.InsertAsync(session, token with { Hash = TokenSecret.Hash(secret) }),
            TestContext.Current.CancellationToken);
        return server.Client(secret);
    }
}
