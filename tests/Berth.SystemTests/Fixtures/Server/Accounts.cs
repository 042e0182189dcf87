using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace Berth.SystemTests.Fixtures.Server;

/// <summary>A person who can sign in: an account, and one of its personal tokens.</summary>
internal sealed record Person(ServerProcess Server, string Login, string Token)
{
    public HttpClient Api() => Server.Client(Token);
}

/// <summary>Creates accounts through the REST API, as a site administrator does. Their names are new each time.</summary>
internal static class Accounts
{
    private static readonly string[] DefaultScopes = ["write:packages", "delete:packages", "repo", "codespace", "admin:org", "user"];

    public static async Task<Person> UserAsync(this ServerProcess server, string name, params string[] scopes)
    {
        var login = Unique(name);
        await PostAsync(server.Admin, "/api/v3/admin/users", new { login, email = login + "@example.com" });
        var path = $"/api/v3/admin/users/{login}/authorizations";
        var answer = await PostAsync(
            server.Admin, path, new { scopes = scopes.Length == 0 ? DefaultScopes : scopes, note = "client tests" });
        return new Person(server, login, answer.GetProperty("token").GetString()!);
    }

    /// <summary>Creates an organization that the person owns. Returns its login.</summary>
    public static async Task<string> OrganizationAsync(this Person owner, string name)
    {
        var login = Unique(name);
        await PostAsync(owner.Server.Admin, "/api/v3/admin/organizations", new { login, admin = owner.Login });
        return login;
    }

    public static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"POST {path} answers {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    public static string Unique(string name) => $"{name}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
}
