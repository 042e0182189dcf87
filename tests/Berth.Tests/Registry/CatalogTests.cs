using System.Text;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary><c>GET /v2/_catalog</c>, as command line tools and registry browsers use it.</summary>
public sealed class CatalogTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everybody_is_shown_what_they_may_pull_a_page_at_a_time()
    {
        var ada = await shared.Server.UserAsync("ada");
        string[] names = [.. ((string[])["a", "b/c", "d"]).Select(name => $"{ada.Login}/{name}")];
        foreach (var name in names)
        {
            await ada.PushAsync(name);
        }

        Assert.Equal(names, await OwnAsync(ada));
        var first = await ListAsync(ada, $"?n=2&last={ada.Login}");
        Assert.Equal(names[..2], first.Names);
        Assert.Equal($"</v2/_catalog?n=2&last={Uri.EscapeDataString(names[1])}>; rel=\"next\"", first.Link);
        Assert.Equal(names[2], (await ListAsync(ada, $"?n=1&last={Uri.EscapeDataString(names[1])}")).Names.Single());
        Assert.Empty((await ListAsync(ada, "?n=0")).Names);

        var other = await shared.Server.UserAsync("other");
        await ada.DoAsync("PATCH", $"/users/{ada.Login}/packages/container/d", """{"visibility":"public"}""");
        Assert.Equal([names[2]], await OwnAsync(other));
        Assert.Equal([names[2]], await OwnAsync(shared.Server.Nobody()));
        Assert.Equal([names[2]], await OwnAsync(await ada.WithTokenAsync("read:org")));
        Assert.Equal(
            [names[1], names[2]], await OwnAsync(await ada.WithTokenAsync("read:packages", $"{ada.Login}/b/*")));

        async Task<IEnumerable<string>> OwnAsync(Person caller)
        {
            var (found, _) = await ListAsync(caller, $"?last={ada.Login}");
            return found.Where(name => name.StartsWith(ada.Login + "/", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_token_must_have_been_asked_for_the_catalog()
    {
        using var client = shared.Server.Client(null);
        using var first = await client.GetAsync("/v2/_catalog", Token);
        Assert.Equal(401, (int)first.StatusCode);
        Assert.EndsWith(",scope=\"registry:catalog:*\"", first.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);

        var narrow = await RegistryTokenAsync(client, "repository:admin/web:pull", null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/_catalog") { Headers = { Authorization = new("Bearer", narrow) } };
        using var second = await client.SendAsync(request, Token);
        Assert.Equal(401, (int)second.StatusCode);
        Assert.EndsWith(
            ",scope=\"registry:catalog:*\",error=\"insufficient_scope\"", second.Headers.WwwAuthenticate.Single().ToString(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?n=-1")]
    [InlineData("?n=x")]
    [InlineData("?last=%00")]
    public async Task A_page_that_cannot_be_is_refused(string query)
    {
        using var repository = TestRepository.New(shared.Server);
        var answer = await repository.SendAsync("GET", "/v2/_catalog" + query);
        Assert.Equal((400, "PAGINATION_NUMBER_INVALID"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task A_workflow_is_shown_what_it_may_pull()
    {
        var ada = await shared.Server.UserAsync("ada");
        var app = await ada.RepositoryAsync(ada.Login);
        await ada.PushAsync($"{ada.Login}/hidden");
        await ada.DoAsync("PUT", $"/users/{ada.Login}/packages/container/mine", $$"""{"repository":"{{app}}","inherit_access":true}""");
        var workflow = await ada.WorkflowAsync(app, "read");
        var (names, _) = await ListAsync(workflow, $"?last={ada.Login}");
        Assert.Equal([$"{ada.Login}/mine"], names.Where(name => name.StartsWith(ada.Login + "/", StringComparison.Ordinal)));
    }

    /// <summary>Does what a client does: gets a registry token for the catalog, then the list.</summary>
    private async Task<(List<string> Names, string? Link)> ListAsync(Person caller, string query)
    {
        using var client = shared.Server.Client(null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/_catalog" + query)
        {
            Headers = { Authorization = new("Bearer", await RegistryTokenAsync(client, "registry:catalog:*", caller.Token)) },
        };
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal(200, (int)answer.StatusCode);
        var json = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Token));
        return (
            [.. json.GetProperty("repositories").EnumerateArray().Select(name => name.GetString()!)],
            answer.Headers.TryGetValues("Link", out var links) ? links.Single() : null);
    }

    private static async Task<string> RegistryTokenAsync(HttpClient client, string scope, string? password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/token?service=x&scope={Uri.EscapeDataString(scope)}");
        if (password is { Length: > 0 })
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"x:{password}")));
        }

        using var answer = await client.SendAsync(request, Token);
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Token)).GetProperty("token").GetString()!;
    }
}
