using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Trusts;

/// <summary>ID tokens of CI jobs, exchanged for workflow tokens and as passwords: what they can do, and when they end.</summary>
public sealed class ExchangeTests(TrustWorld world) : IClassFixture<TrustWorld>
{
    [Theory]
    [InlineData("rsa-1")]
    [InlineData("ec-1")]
    public async Task An_exchanged_token_publishes_and_the_version_says_by_which_run(string key)
    {
        var place = await world.PlaceAsync();
        var reply = await world.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id), key));
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal("no-store", reply.Header("Cache-Control"));
        Assert.Equal("Bearer", reply["token_type"].GetString());
        Assert.Equal("urn:ietf:params:oauth:token-type:access_token", reply["issued_token_type"].GetString());
        Assert.Equal("packages:write", reply["scope"].GetString());
        Assert.Equal(3600, reply["expires_in"].GetInt32());

        await new Person(world.Server, "workflow", reply["access_token"].GetString()!).PushAsync($"{place.Organization}/app");
        var package = await place.Owner.GetAsync($"/orgs/{place.Organization}/packages/container/app");
        Assert.Equal(place.Repository, package["repository"].GetProperty("full_name").GetString());
        var run = (await place.Owner.GetAsync($"/orgs/{place.Organization}/packages/container/app/versions")).Json[0]
            .GetProperty("workflow_run");
        Assert.Equal("4711", run.GetProperty("id").GetString());
        Assert.Equal("refs/heads/main", run.GetProperty("ref").GetString());
        Assert.Equal("0123456789abcdef0123456789abcdef01234567", run.GetProperty("sha").GetString());
        Assert.Equal(
            ["created", "link_changed", "inheritance_changed", "actions_changed", "version_published", "tag_moved"],
            await world.EventsOfRunAsync(place.Organization, "4711", "refs/heads/main", "prod"));
    }

    [Fact]
    public async Task The_audit_log_says_whom_was_trusted_and_which_run_got_a_token()
    {
        var place = await world.PlaceAsync();
        Assert.Equal(HttpStatusCode.OK, (await world.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)))).Status);
        var token = world.Issuer.Sign(world.Claims(place.Id));
        Assert.Equal(HttpStatusCode.OK, (await world.LoginAsync(token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await world.LoginAsync(token)).Status);
        await place.Owner.DoAsync("DELETE", $"/repos/{place.Repository}/trusts/{place.Trust}");
        var auditor = await place.Owner.WithTokenAsync("read:audit_log");
        var log = (await auditor.GetAsync($"/orgs/{place.Organization}/audit-log?order=asc")).Json.EnumerateArray()
            .Where(entry => entry.TryGetProperty("subject", out var subject) && subject.GetString() == $"trust:{place.Trust}").ToList();
        Assert.Equal(
            ["repo.add_trust", "workflow_token.create", "workflow_token.create", "repo.remove_trust"],
            log.Select(entry => entry.GetProperty("action").GetString()));
        Assert.Contains($"repository_id={place.Id}", log[0].GetProperty("new").GetString(), StringComparison.Ordinal);
        Assert.Equal("4711", log[1].GetProperty("run").GetString());
        Assert.Equal(place.Repository, log[1].GetProperty("actor").GetString());
        Assert.Equal("127.0.0.1", log[1].GetProperty("actor_ip").GetString());
    }

    [Fact]
    public async Task What_a_person_remarks_on_a_minted_token_is_no_verified_run()
    {
        var place = await world.PlaceAsync();
        var minted = await place.Owner.DoAsync(
            "POST", $"/repos/{place.Repository}/workflow-tokens",
            """{"permissions":{"packages":"write"},"run":"4711","ref":"refs/heads/main"}""");
        await new Person(world.Server, "workflow", minted["token"].GetString()!).PushAsync($"{place.Organization}/app");
        var version = (await place.Owner.GetAsync($"/orgs/{place.Organization}/packages/container/app/versions")).Json[0];
        Assert.False(version.TryGetProperty("workflow_run", out _));
    }

    [Fact]
    public async Task An_exchanged_token_counts_as_admin_where_the_list_says_so()
    {
        var place = await world.PlaceAsync();
        var workflow = await world.WorkflowAsync(world.Issuer.Sign(world.Claims(place.Id)));
        await workflow.PushAsync($"{place.Organization}/app");
        await workflow.DoAsync("DELETE", $"/orgs/{place.Organization}/packages/container/app");
    }

    [Theory]
    [InlineData("read", "", "packages:read")]
    [InlineData("write", "packages:read", "packages:read")]
    [InlineData("write", "packages:read packages:write", "packages:write")]
    public async Task A_token_can_what_the_trust_gives_or_less(string given, string asked, string scope)
    {
        var place = await world.PlaceAsync(packages: given);
        var reply = await world.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)), ("scope", asked));
        Assert.Equal(scope, reply["scope"].GetString());
    }

    [Theory]
    [InlineData("scope", "packages:write", "invalid_scope")]
    [InlineData("scope", "repo", "invalid_scope")]
    [InlineData("grant_type", "password", "unsupported_grant_type")]
    [InlineData("grant_type", "", "invalid_request")]
    [InlineData("subject_token", "", "invalid_request")]
    [InlineData("subject_token_type", "urn:ietf:params:oauth:token-type:saml2", "invalid_request")]
    [InlineData("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token", "invalid_request")]
    [InlineData("actor_token", "x", "invalid_request")]
    [InlineData("resource", "https://elsewhere.example.test/acme", "invalid_target")]
    public async Task A_wrong_request_is_refused_in_the_words_of_oauth(string field, string value, string error)
    {
        var place = await world.PlaceAsync(packages: "read");
        var reply = await world.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)), (field, value));
        Assert.Equal((HttpStatusCode.BadRequest, error), (reply.Status, reply["error"].GetString()));
        Assert.NotEmpty(reply["error_description"].GetString()!);
    }

    [Fact]
    public async Task A_token_that_names_no_key_is_checked_with_the_only_one_of_its_kind()
    {
        var place = await world.PlaceAsync();
        var token = world.Issuer.Sign(world.Claims(place.Id), "ec-1", header => header.Remove("kid"));
        Assert.Equal(HttpStatusCode.OK, (await world.ExchangeAsync(token)).Status);
    }

    [Fact]
    public async Task An_id_token_is_exchanged_once()
    {
        var place = await world.PlaceAsync();
        var token = world.Issuer.Sign(world.Claims(place.Id));
        Assert.Equal(HttpStatusCode.OK, (await world.ExchangeAsync(token)).Status);
        var again = await world.ExchangeAsync(token);
        Assert.Equal(HttpStatusCode.BadRequest, again.Status);
        Assert.Contains("exchanged before", again["error_description"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_token_without_an_id_of_its_own_is_exchanged_once_too()
    {
        var place = await world.PlaceAsync();
        var claims = world.Claims(place.Id, claims => claims.Remove("jti"));
        Assert.Equal(HttpStatusCode.OK, (await world.ExchangeAsync(world.Issuer.Sign(claims, "ec-1"))).Status);

        // An elliptic curve signs differently each time, so this is the same token with other bytes at its end.
        Assert.Equal(HttpStatusCode.BadRequest, (await world.ExchangeAsync(world.Issuer.Sign(claims, "ec-1"))).Status);
    }

    [Fact]
    public async Task One_id_token_is_exchanged_once_by_many_at_the_same_time()
    {
        var place = await world.PlaceAsync();
        var token = world.Issuer.Sign(world.Claims(place.Id));
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.ExchangeAsync(token)));
        Assert.Single(replies, reply => reply.Status == HttpStatusCode.OK);
        Assert.Equal(1, await world.CountTokensAsync(place.Trust));
    }

    [Fact]
    public async Task As_a_password_one_id_token_stands_for_one_workflow_token_until_it_ends()
    {
        var place = await world.PlaceAsync();
        var token = world.Issuer.Sign(world.Claims(place.Id));
        var scope = $"repository:{place.Organization}/app:pull,push";
        for (var i = 0; i < 3; i++)
        {
            var (status, body) = await world.LoginAsync(token, scope: scope);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(scope, body.GetProperty("scope").GetString());
        }

        Assert.Equal(1, await world.CountTokensAsync(place.Trust));
        await new Person(world.Server, "workflow", token).PushAsync($"{place.Organization}/app");
        Assert.Equal(HttpStatusCode.OK, (await world.ExchangeAsync(token)).Status);
        Assert.Equal(2, await world.CountTokensAsync(place.Trust));

        world.Server.Clock!.Advance(TimeSpan.FromSeconds(301));
        Assert.Equal(HttpStatusCode.Unauthorized, (await world.LoginAsync(token)).Status);
    }

    [Fact]
    public async Task An_id_token_is_a_password_of_registries_and_no_token_of_the_api()
    {
        var place = await world.PlaceAsync();
        var token = world.Issuer.Sign(world.Claims(place.Id));
        Assert.Equal(HttpStatusCode.OK, (await world.LoginAsync(token)).Status);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await new Person(world.Server, "workflow", token).GetAsync($"/orgs/{place.Organization}/packages/container/app")).Status);
    }

    [Fact]
    public async Task A_trust_that_is_removed_takes_its_tokens_along_at_once()
    {
        var place = await world.PlaceAsync();
        var token = world.Issuer.Sign(world.Claims(place.Id));
        var workflow = await world.WorkflowAsync(token);
        await workflow.PushAsync($"{place.Organization}/app");
        Assert.Equal(HttpStatusCode.OK, (await world.LoginAsync(token)).Status);
        await place.Owner.DoAsync("DELETE", $"/repos/{place.Repository}/trusts/{place.Trust}");
        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{place.Organization}/app"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await world.LoginAsync(token)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await world.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)))).Status);
    }

    [Fact]
    public async Task A_repository_that_is_transferred_takes_no_trust_along()
    {
        var place = await world.PlaceAsync();
        var workflow = await world.WorkflowAsync(world.Issuer.Sign(world.Claims(place.Id)));
        await workflow.PushAsync($"{place.Organization}/app");
        await place.Owner.DoAsync("PATCH", $"/orgs/{place.Organization}/packages/container/app", """{"visibility":"public"}""");
        await place.Owner.DoAsync("POST", $"/repos/{place.Repository}/transfer", $$"""{"new_owner":"{{place.Owner.Login}}"}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{place.Organization}/app"));
        Assert.Empty((await place.Owner.GetAsync($"/repos/{place.Owner.Login}/app/trusts")).Json.EnumerateArray());
        Assert.Equal(HttpStatusCode.BadRequest, (await world.ExchangeAsync(world.Issuer.Sign(world.Claims(place.Id)))).Status);
    }

    [Fact]
    public async Task An_exchanged_token_lives_for_an_hour()
    {
        var place = await world.PlaceAsync();
        var workflow = await world.WorkflowAsync(world.Issuer.Sign(world.Claims(place.Id)));
        await workflow.PushAsync($"{place.Organization}/app");
        world.Server.Clock!.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(HttpStatusCode.OK, await workflow.PullAsync($"{place.Organization}/app"));
        world.Server.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await workflow.PullAsync($"{place.Organization}/app"));
    }

    [Fact]
    public async Task An_organization_finds_the_repository_by_its_external_id_and_never_by_its_name()
    {
        var ada = await world.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var (app, other) = (await ada.RepositoryAsync(acme), await ada.RepositoryAsync(acme, "other"));
        var (owner, id) = (Persons.Unique("owner"), Persons.Unique("id"));
        await ada.DoAsync(
            "POST", $"/orgs/{acme}/trusts",
            $$$"""
            {"provider":"github","issuer":"{{{world.Issuer.Url}}}","audience":"{{{TrustWorld.Audience}}}","value":"{{{owner}}}",
             "permissions":{"packages":"write"}}
            """);
        string Token() => world.Issuer.Sign(world.Claims(id, claims =>
        {
            claims["repository_owner_id"] = owner;
            claims["repository"] = app;
        }));
        var unknown = await world.ExchangeAsync(Token());
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_target"), (unknown.Status, unknown["error"].GetString()));
        await ada.DoAsync("PATCH", $"/repos/{other}", $$"""{"external_id":"{{id}}"}""");
        await (await world.WorkflowAsync(Token())).PushAsync($"{acme}/made");
        Assert.Equal(
            other, (await ada.GetAsync($"/orgs/{acme}/packages/container/made"))["repository"].GetProperty("full_name").GetString());
    }

    [Fact]
    public async Task Who_trusts_the_same_identity_elsewhere_neither_gets_it_nor_is_told_of()
    {
        var place = await world.PlaceAsync();
        var eve = await world.Server.UserAsync("eve");
        var hers = await eve.RepositoryAsync(eve.Login);
        await eve.DoAsync(
            "POST", $"/repos/{hers}/trusts",
            $$$"""
            {"provider":"github","issuer":"{{{world.Issuer.Url}}}","audience":"{{{TrustWorld.Audience}}}","value":"{{{place.Id}}}",
             "permissions":{"packages":"write"}}
            """);
        var token = world.Issuer.Sign(world.Claims(place.Id));
        var unclear = await world.ExchangeAsync(token);
        Assert.Equal("invalid_target", unclear["error"].GetString());
        Assert.DoesNotContain(eve.Login, unclear.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(place.Organization, unclear.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await world.LoginAsync(token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await world.LoginAsync(token, user: place.Repository)).Status);
        Assert.Equal(1, await world.CountTokensAsync(place.Trust));
        Assert.Equal(
            HttpStatusCode.OK, (await world.ExchangeAsync(token, ("resource", $"{world.Server.Url}{place.Repository}"))).Status);
        Assert.Equal(2, await world.CountTokensAsync(place.Trust));
    }
}
