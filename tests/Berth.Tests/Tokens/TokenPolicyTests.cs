using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Tokens;

/// <summary>An organization says which personal tokens reach its packages.</summary>
public sealed class TokenPolicyTests(SharedServer shared)
{
    private const string Scopes = "write:packages,delete:packages,repo,admin:org";

    [Theory]
    [InlineData("""{"personal_token_max_days":30}""", "30d", null, true)]
    [InlineData("""{"personal_token_max_days":30}""", "31d", null, false)]
    [InlineData("""{"personal_token_max_days":30}""", null, null, false)]
    [InlineData("""{"unrestricted_personal_tokens_allowed":false}""", null, null, false)]
    [InlineData("""{"unrestricted_personal_tokens_allowed":false}""", null, "*", true)]
    [InlineData("""{"unrestricted_personal_tokens_allowed":false,"personal_token_max_days":30}""", null, "*", false)]
    public async Task A_token_that_breaks_the_policy_does_not_reach_the_packages_and_is_told_so(
        string policy, string? life, string? pattern, bool reaches)
    {
        var (ada, acme) = await OwnerAsync();
        await ada.PushAsync($"{acme}/app");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", policy);
        var token = await TokenAsync(ada, life, pattern is null ? null : $"{acme}/*");

        Assert.Equal(reaches ? HttpStatusCode.OK : HttpStatusCode.Forbidden, await token.PullAsync($"{acme}/app"));
        var one = await token.GetAsync($"/orgs/{acme}/packages/container/app");
        Assert.Equal(reaches ? HttpStatusCode.OK : HttpStatusCode.Forbidden, one.Status);
        var listed = await token.GetAsync($"/orgs/{acme}/packages?package_type=container");
        Assert.Equal(reaches ? 1 : 0, listed.Json.GetArrayLength());
        Assert.Equal(
            reaches ? HttpStatusCode.NoContent : HttpStatusCode.Forbidden,
            (await token.SendAsync("DELETE", $"/orgs/{acme}/packages/container/app")).Status);
        if (!reaches)
        {
            Assert.Contains($"{acme} takes only personal tokens that", one.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_refusal_does_not_tell_whether_the_package_is_there()
    {
        var (ada, acme) = await OwnerAsync();
        var bob = await shared.Server.UserAsync("bob");
        await ada.PushAsync($"{acme}/app");
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"personal_token_max_days":30}""");
        string Told(Reply reply) => $"{reply.Status} {reply.Message}";
        Assert.Equal(
            Told(await bob.GetAsync($"/orgs/{acme}/packages/container/none")),
            Told(await bob.GetAsync($"/orgs/{acme}/packages/container/app")));

        // Somebody without ties to the organization is told nothing of its policy.
        var eve = await shared.Server.UserAsync("eve");
        var hidden = await eve.GetAsync($"/orgs/{acme}/packages/container/app");
        Assert.Equal(HttpStatusCode.NotFound, hidden.Status);
        Assert.DoesNotContain("personal tokens", hidden.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_public_stays_readable_with_every_token_and_is_not_written()
    {
        var (ada, acme) = await OwnerAsync();
        await ada.PushAsync($"{acme}/app");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/packages/container/app", """{"visibility":"public"}""");
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"personal_token_max_days":30}""");
        Assert.Equal(HttpStatusCode.OK, await ada.PullAsync($"{acme}/app"));
        var refused = await ada.SendAsync("DELETE", $"/orgs/{acme}/packages/container/app");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("this one never ends", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Such_a_token_mints_no_workflow_token_there_and_reaches_what_is_its_holders_own()
    {
        var (ada, acme) = await OwnerAsync();
        var app = await ada.RepositoryAsync(acme);
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"personal_token_max_days":30}""");
        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await ada.SendAsync("POST", $"/repos/{app}/workflow-tokens", """{"permissions":{"packages":"write"}}""")).Status);
        await ada.PushAsync($"{ada.Login}/own");
        await ada.DoAsync("GET", $"/repos/{app}");
        await (await TokenAsync(ada, "7d", null)).DoAsync(
            "POST", $"/repos/{app}/workflow-tokens", """{"permissions":{"packages":"write"}}""");
    }

    [Theory]
    [InlineData("7d", """["read:packages"]""", null, false)]
    [InlineData("7d", """["repo","admin:org"]""", null, true)]
    [InlineData("7d", """["read:packages"]""", "someone/*", true)]
    [InlineData("60d", """["read:packages"]""", null, true)]
    public async Task A_token_that_lives_too_long_makes_none_that_is_taken(string life, string scopes, string? pattern, bool may)
    {
        var (ada, acme) = await OwnerAsync();
        await ada.DoAsync("PATCH", $"/orgs/{acme}/settings/packages", """{"personal_token_max_days":30}""");
        var ends = TimeProvider.System.GetUtcNow().AddDays(int.Parse(life[..^1], System.Globalization.CultureInfo.InvariantCulture));
        var packages = pattern is null ? "null" : $"[\"{pattern}\"]";
        var body = $$"""{"scopes":{{scopes}},"packages":{{packages}},"expires_at":"{{ends:yyyy-MM-ddTHH:mm:ssZ}}"}""";
        var reply = await ada.SendAsync("POST", "/user/tokens", body);
        Assert.Equal(may ? HttpStatusCode.Created : HttpStatusCode.Forbidden, reply.Status);
        if (!may)
        {
            Assert.Contains(
                $"{acme} takes only personal tokens that live 30 days at most, and this one never ends", reply.Message,
                StringComparison.Ordinal);
        }

        // An accepted token may make others, and the policies of other organizations do not matter.
        await (await TokenAsync(ada, "30d", null)).DoAsync("POST", "/user/tokens", """{"scopes":["read:packages"]}""");
        var eve = await shared.Server.UserAsync("eve");
        await eve.DoAsync("POST", "/user/tokens", body);
    }

    [Fact]
    public async Task A_policy_is_shown_kept_by_other_changes_and_taken_back()
    {
        var (ada, acme) = await OwnerAsync();
        var path = $"/orgs/{acme}/settings/packages";
        await ada.DoAsync("PATCH", path, """{"personal_token_max_days":30,"unrestricted_personal_tokens_allowed":false}""");
        var kept = await ada.DoAsync("PATCH", path, """{"workflows_can_create_packages":true}""");
        Assert.Equal(30, kept["personal_token_max_days"].GetInt32());
        Assert.False(kept["unrestricted_personal_tokens_allowed"].GetBoolean());
        var back = await ada.DoAsync("PATCH", path, """{"personal_token_max_days":0,"unrestricted_personal_tokens_allowed":true}""");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, back["personal_token_max_days"].ValueKind);
        await ada.PushAsync($"{acme}/app");
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("PATCH", path, """{"personal_token_max_days":-1}""")).Status);
    }

    private async Task<(Person Ada, string Acme)> OwnerAsync()
    {
        var ada = await shared.Server.UserAsync();
        return (ada, await ada.OrganizationAsync());
    }

    private static async Task<Person> TokenAsync(Person person, string? life, string? pattern)
    {
        var days = life is null ? (int?)null : int.Parse(life[..^1], System.Globalization.CultureInfo.InvariantCulture);
        var ends = days is { } count ? $"\"{TimeProvider.System.GetUtcNow().AddDays(count).AddMinutes(-1):yyyy-MM-ddTHH:mm:ssZ}\"" : "null";
        var scopes = string.Join(',', Scopes.Split(',').Select(scope => $"\"{scope}\""));
        var packages = pattern is null ? "null" : $"[\"{pattern}\"]";
        var made = await person.Server.Administrator().DoAsync(
            "POST", $"/admin/users/{person.Login}/authorizations",
            $$"""{"scopes":[{{scopes}}],"packages":{{packages}},"expires_at":{{ends}}}""");
        return new Person(person.Server, person.Login, made["token"].GetString());
    }
}
