using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Berth.Client.Crypto;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Secrets;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Secrets;

/// <summary>GitHub's REST API for development environment secrets, for users, repositories and organizations.</summary>
public sealed class SecretEndpointsTests(SharedServer shared)
{
    private readonly string _suffix = Guid.CreateVersion7().ToString("N")[^10..];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BerthServer Server => shared.Server;

    [Fact]
    public async Task A_secret_is_set_listed_changed_and_deleted_at_every_level()
    {
        var world = await WorldAsync();
        foreach (var (client, path, extra) in new[]
        {
            (world.Ada, "user/codespaces/secrets", ""),
            (world.Ada, $"repos/{world.Acme}/app/codespaces/secrets", ""),
            (world.Ada, $"orgs/{world.Acme}/codespaces/secrets", ",\"visibility\":\"all\""),
        })
        {
            Assert.Equal((HttpStatusCode.Created, "{}"), await PutAsync(client, path, "acr_token", "one", extra));
            Assert.Equal((HttpStatusCode.NoContent, ""), await PutAsync(client, path, "ACR_TOKEN", "two", extra));
            var list = await JsonAsync(client, path);
            Assert.Equal(1, list.GetProperty("total_count").GetInt32());
            Assert.Equal("ACR_TOKEN", list.GetProperty("secrets")[0].GetProperty("name").GetString());
            var one = await client.GetStringAsync(new Uri($"{path}/Acr_Token", UriKind.Relative), Token);
            Assert.DoesNotContain("two", one, StringComparison.Ordinal);
            Assert.Equal(
                HttpStatusCode.NoContent, (await client.DeleteAsync(new Uri(path + "/ACR_TOKEN", UriKind.Relative), Token)).StatusCode);
            Assert.Equal(
                HttpStatusCode.NotFound, (await client.DeleteAsync(new Uri(path + "/ACR_TOKEN", UriKind.Relative), Token)).StatusCode);
            Assert.Equal(
                HttpStatusCode.NotFound, (await client.GetAsync(new Uri(path + "/ACR_TOKEN", UriKind.Relative), Token)).StatusCode);
        }
    }

    [Theory]
    [InlineData("1ABC", "a secret's name does not begin with a digit")]
    [InlineData("GITHUB_X", "names that begin with GITHUB_ are kept for the system")]
    [InlineData("A-B", "a secret's name has only letters, digits and _")]
    [InlineData("A%20B", "a secret's name has only letters, digits and _")]
    public async Task Names_have_a_grammar(string name, string message)
    {
        var world = await WorldAsync();
        var (status, body) = await PutAsync(world.Ada, "user/codespaces/secrets", name, "x");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains(message, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"encrypted_value\":\"!!\",\"key_id\":\"KEY\"}", "encrypted_value must be standard base64")]
    [InlineData("{\"encrypted_value\":\"AAAA\",\"key_id\":\"KEY\"}", "does not open with that key")]
    [InlineData("{\"encrypted_value\":\"BOX\"}", "key_id says which")]
    [InlineData("{\"encrypted_value\":\"BOX\",\"key_id\":\"999999999\"}", "does not open with that key")]
    [InlineData("{\"encrypted_value\":\"BOX\",\"key_id\":\"nonsense\"}", "does not open with that key")]
    [InlineData("{\"encrypted_value\":7,\"key_id\":\"KEY\"}", "encrypted_value must be a string")]
    [InlineData("{\"key_id\":\"KEY\"}", "a new secret needs a value")]
    [InlineData("{\"encrypted_value\":\"BOX\",\"key_id\":\"KEY\",\"selected_repository_ids\":[999999999]}", "999999999 is no repository")]
    [InlineData("{\"encrypted_value\":\"BOX\",\"key_id\":\"KEY\",\"selected_repository_ids\":\"x\"}", "must be a list")]
    public async Task A_bad_body_is_refused_with_what_is_wrong(string body, string message)
    {
        var world = await WorldAsync();
        var (keyId, box) = await SealAsync(world.Ada, "user/codespaces/secrets", "x");
        var text = body.Replace("KEY", keyId, StringComparison.Ordinal).Replace("BOX", box, StringComparison.Ordinal);
        var (status, answer) = await SendAsync(world.Ada, HttpMethod.Put, "user/codespaces/secrets/X", text);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains(message, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_owners_key_is_refused()
    {
        var world = await WorldAsync();
        var (keyId, box) = await SealAsync(world.Bob, "user/codespaces/secrets", "x");
        var (status, _) = await SendAsync(
            world.Ada, HttpMethod.Put, "user/codespaces/secrets/X", $"{{\"encrypted_value\":\"{box}\",\"key_id\":\"{keyId}\"}}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
    }

    [Theory]
    [InlineData(48 * 1024, HttpStatusCode.Created)]
    [InlineData((48 * 1024) + 1, HttpStatusCode.UnprocessableEntity)]
    public async Task A_value_has_at_most_48_kilobytes(int bytes, HttpStatusCode expected)
    {
        var world = await WorldAsync();
        Assert.Equal(expected, (await PutAsync(world.Ada, "user/codespaces/secrets", "BIG", new string('x', bytes))).Status);
    }

    [Fact]
    public async Task There_are_at_most_a_hundred_at_a_level()
    {
        var world = await WorldAsync();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await PutAsync(world.Ada, "user/codespaces/secrets", $"S{i}", "x")).Status);
        }

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PutAsync(world.Ada, "user/codespaces/secrets", "S100", "x")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(world.Ada, "user/codespaces/secrets", "S99", "y")).Status);
        var page = await world.Ada.GetAsync(new Uri("user/codespaces/secrets?per_page=40&page=3", UriKind.Relative), Token);
        var body = await page.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Equal((100, 20), (body.GetProperty("total_count").GetInt32(), body.GetProperty("secrets").GetArrayLength()));
    }

    [Fact]
    public async Task An_organizations_secret_needs_a_visibility_and_selects_its_own_repositories()
    {
        var world = await WorldAsync();
        var path = $"orgs/{world.Acme}/codespaces/secrets";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PutAsync(world.Ada, path, "X", "x")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PutAsync(world.Ada, path, "X", "x", ",\"visibility\":\"some\"")).Status);
        var foreign = world.BobsRepository;
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await PutAsync(world.Ada, path, "X", "x", $",\"visibility\":\"selected\",\"selected_repository_ids\":[{foreign}]")).Status);
        Assert.Equal(
            HttpStatusCode.Created,
            (await PutAsync(world.Ada, path, "X", "x", $",\"visibility\":\"selected\",\"selected_repository_ids\":[{world.App}]")).Status);
        var listed = await JsonAsync(world.Ada, path + "/X/repositories");
        Assert.Equal("app", listed.GetProperty("repositories")[0].GetProperty("name").GetString());
        Assert.Equal(
            HttpStatusCode.NoContent, (await SendAsync(world.Ada, HttpMethod.Delete, $"{path}/X/repositories/{world.App}")).Status);
        Assert.Equal(0, (await JsonAsync(world.Ada, path + "/X/repositories")).GetProperty("total_count").GetInt32());
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(world.Ada, HttpMethod.Put, $"{path}/X/repositories/{world.App}")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(world.Ada, path, "X", null, ",\"visibility\":\"all\"")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(world.Ada, HttpMethod.Put, $"{path}/X/repositories/{world.App}")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(world.Ada, HttpMethod.Delete, $"{path}/X/repositories/{world.App}")).Status);
    }

    [Fact]
    public async Task Only_administrators_manage_a_repositorys_secrets_and_only_owners_an_organizations()
    {
        var world = await WorldAsync();
        Assert.Equal(
            HttpStatusCode.NotFound, (await SendAsync(world.Bob, HttpMethod.Get, $"repos/{world.Acme}/app/codespaces/secrets")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(world.Bob, HttpMethod.Get, $"orgs/{world.Acme}/codespaces/secrets")).Status);
        await SendAsync(world.Ada, HttpMethod.Put, $"repos/{world.Acme}/app/collaborators/bob{_suffix}", "{\"permission\":\"write\"}");
        Assert.Equal(
            HttpStatusCode.Forbidden, (await SendAsync(world.Bob, HttpMethod.Get, $"repos/{world.Acme}/app/codespaces/secrets")).Status);
        Assert.Equal(
            HttpStatusCode.OK,
            (await SendAsync(world.Bob, HttpMethod.Get, $"repos/{world.Acme}/app/codespaces/secrets/public-key")).Status);
        using var anonymous = Server.Client();
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await anonymous.GetAsync(new Uri("/api/v3/user/codespaces/secrets", UriKind.Relative), Token)).StatusCode);
    }

    [Fact]
    public async Task A_codespace_sees_what_its_user_and_repository_may()
    {
        var world = await WorldAsync();
        await PutAsync(world.Ada, $"orgs/{world.Acme}/codespaces/secrets", "SHARED", "organization", ",\"visibility\":\"all\"");
        await PutAsync(world.Ada, $"orgs/{world.Acme}/codespaces/secrets", "OTHERS", "x", ",\"visibility\":\"selected\"");
        await PutAsync(world.Ada, $"orgs/{world.Acme}/codespaces/secrets", "PRIVATE", "organization", ",\"visibility\":\"private\"");
        await PutAsync(world.Ada, $"repos/{world.Acme}/app/codespaces/secrets", "SHARED", "repository");
        await PutAsync(world.Ada, "user/codespaces/secrets", "SHARED", "user", $",\"selected_repository_ids\":[{world.App}]");
        await PutAsync(world.Ada, "user/codespaces/secrets", "ELSEWHERE", "x");
        await PutAsync(world.Bob, "user/codespaces/secrets", "BOBS", "bob");

        var ada = await EnvironmentAsync($"ada{_suffix}", world.App);
        Assert.Equal(["PRIVATE=organization", "SHARED=user"], ada);
        Assert.Equal(
            "2 secrets: PRIVATE (organization), SHARED (user, over repository and organization)",
            (await VisibleAsync($"ada{_suffix}", world.App)).Summary);
        Assert.Equal(
            "not assigned to this repository: ELSEWHERE (user), OTHERS (organization)",
            (await VisibleAsync($"ada{_suffix}", world.App)).NotHere);

        // Without the user's own secret, the repository's comes before the organization's.
        await SendAsync(world.Ada, HttpMethod.Delete, "user/codespaces/secrets/SHARED");
        Assert.Equal(["PRIVATE=organization", "SHARED=repository"], await EnvironmentAsync($"ada{_suffix}", world.App));

        // A user who reads without writing gets neither the repository's nor the organization's.
        await SendAsync(world.Ada, HttpMethod.Put, $"repos/{world.Acme}/app/collaborators/bob{_suffix}", "{\"permission\":\"read\"}");
        Assert.Empty(await EnvironmentAsync($"bob{_suffix}", world.App));
        await SendAsync(
            world.Bob, HttpMethod.Put, "user/codespaces/secrets/BOBS/repositories", $"{{\"selected_repository_ids\":[{world.App}]}}");
        Assert.Equal(["BOBS=bob"], await EnvironmentAsync($"bob{_suffix}", world.App));
        Assert.Equal("1 secret: BOBS (user)", (await VisibleAsync($"bob{_suffix}", world.App)).Summary);

        // A user who writes without being a member does not learn what the organization has for other repositories.
        await SendAsync(world.Ada, HttpMethod.Put, $"repos/{world.Acme}/app/collaborators/bob{_suffix}", "{\"permission\":\"write\"}");
        Assert.Equal(["BOBS=bob", "PRIVATE=organization", "SHARED=repository"], await EnvironmentAsync($"bob{_suffix}", world.App));
        Assert.Null((await VisibleAsync($"bob{_suffix}", world.App)).NotHere);
    }

    [Fact]
    public async Task A_rotated_key_pair_still_opens_what_was_sealed_before()
    {
        var world = await WorldAsync();
        var (keyId, box) = await SealAsync(world.Ada, "user/codespaces/secrets", "x");
        var db = Server.Services.GetRequiredService<Db>();
        var id = await db.ReadAsync(
            s => s.SingleAsync<long>("select id from accounts where folded = @name", new { name = $"ada{_suffix}" }), Token);
        await Server.Services.GetRequiredService<SecretKeys>().RotateAsync(SecretOwner.User(id), Token);
        Assert.NotEqual(keyId, (await SealAsync(world.Ada, "user/codespaces/secrets", "y")).KeyId);
        Assert.Equal(
            HttpStatusCode.Created,
            (await SendAsync(
                world.Ada, HttpMethod.Put, "user/codespaces/secrets/X",
                $"{{\"encrypted_value\":\"{box}\",\"key_id\":\"{keyId}\"}}")).Status);
    }

    private sealed record Situation(HttpClient Ada, HttpClient Bob, string Acme, long App, long BobsRepository);

    private async Task<Situation> WorldAsync()
    {
        var (ada, bob, acme) = (await UserAsync("ada"), await UserAsync("bob"), $"acme{_suffix}");
        using var admin = ApiClient(BerthServer.AdminToken);
        await SendAsync(admin, HttpMethod.Post, "admin/organizations", $"{{\"login\":\"{acme}\",\"admin\":\"ada{_suffix}\"}}");
        var app = JsonDocument.Parse(
            (await SendAsync(ada, HttpMethod.Post, $"orgs/{acme}/repos", "{\"name\":\"app\",\"visibility\":\"private\"}")).Body);
        var bobs = JsonDocument.Parse((await SendAsync(bob, HttpMethod.Post, "user/repos", "{\"name\":\"own\",\"private\":true}")).Body);
        return new Situation(ada, bob, acme, app.RootElement.GetProperty("id").GetInt64(), bobs.RootElement.GetProperty("id").GetInt64());
    }

    private async Task<HttpClient> UserAsync(string name)
    {
        using var admin = ApiClient(BerthServer.AdminToken);
        await SendAsync(admin, HttpMethod.Post, "admin/users", $"{{\"login\":\"{name}{_suffix}\",\"email\":\"{name}@example.org\"}}");
        var (_, body) = await SendAsync(
            admin, HttpMethod.Post, $"admin/users/{name}{_suffix}/authorizations",
            "{\"scopes\":[\"codespace\",\"repo\",\"admin:org\"],\"note\":\"test\"}");
        return ApiClient(JsonDocument.Parse(body).RootElement.GetProperty("token").GetString()!);
    }

    private HttpClient ApiClient(string token)
    {
        var client = Server.Client(token);
        client.BaseAddress = new Uri(Server.Url, "/api/v3/");
        return client;
    }

    private static async Task<(HttpStatusCode Status, string Body)> PutAsync(
        HttpClient client, string path, string name, string? value, string extra = "")
    {
        if (value is null)
        {
            return await SendAsync(client, HttpMethod.Put, $"{path}/{name}", $"{{{extra.TrimStart(',')}}}");
        }

        var (keyId, box) = await SealAsync(client, path, value);
        return await SendAsync(
            client, HttpMethod.Put, $"{path}/{name}", $"{{\"encrypted_value\":\"{box}\",\"key_id\":\"{keyId}\"{extra}}}");
    }

    private static async Task<(string KeyId, string Box)> SealAsync(HttpClient client, string path, string value)
    {
        var key = await JsonAsync(client, path + "/public-key");
        var box = SealedBox.Seal(Encoding.UTF8.GetBytes(value), Convert.FromBase64String(key.GetProperty("key").GetString()!));
        return (key.GetProperty("key_id").GetString()!, Convert.ToBase64String(box));
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(
        HttpClient client, HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        var answer = await client.SendAsync(request, Token);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token));
    }

    private static async Task<JsonElement> JsonAsync(HttpClient client, string path)
    {
        var (status, body) = await SendAsync(client, HttpMethod.Get, path);
        Assert.True(status == HttpStatusCode.OK, $"{status} {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    private async Task<IEnumerable<string>> EnvironmentAsync(string login, long repositoryId) =>
        (await VisibleAsync(login, repositoryId)).Environment.Select(pair => $"{pair.Key}={pair.Value}");

    private async Task<SecretsOfCodespace> VisibleAsync(string login, long repositoryId)
    {
        var db = Server.Services.GetRequiredService<Db>();
        var (user, repository) = await db.ReadAsync(
            async s => (
                await s.SingleAsync<long>("select id from accounts where folded = @login", new { login }),
                (await AccessDecisions.RepositoryAsync(s, null, repositoryId))?.Repository),
            Token);
        return await Server.Services.GetRequiredService<CodespaceSecrets>().LoadAsync(user, own: true, repository!, Token);
    }
}
