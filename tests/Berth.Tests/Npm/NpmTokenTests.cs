using System.Net;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary><c>npm token</c> and <c>npm profile</c> with npm's own requests.</summary>
public sealed class NpmTokenTests(SharedServer shared)
{
    private const string Tokens = "/npm/-/npm/v1/tokens";

    /// <summary>What npm sends besides the password, and the scopes and packages of the new token.</summary>
    public static TheoryData<string, string, string?> Wishes => new()
    {
        { "", "write:packages", null },
        { "\"readonly\":true", "read:packages", null },
        { "\"readonly\":false", "write:packages", null },
        { "\"packages_and_scopes_permission\":\"read-only\"", "read:packages", null },
        { "\"packages_and_scopes_permission\":\"read-write\",\"packages_all\":true", "write:packages", null },
        { "\"packages\":[\"@acme/lib\"],\"scopes\":[\"@other\"]", "write:packages", "acme/lib other/*" },
        { "\"cidr_whitelist\":[]", "write:packages", null },
    };

    /// <summary>What a token here cannot be, and a word of the refusal.</summary>
    public static TheoryData<string, string> Refusals => new()
    {
        { "\"cidr_whitelist\":[\"10.0.0.0/8\"]", "knows no addresses" },
        { "\"orgs\":[\"acme\"]", "reaches packages alone" },
        { "\"packages_and_scopes_permission\":\"no-access\"", "and is not" },
        { "\"packages\":[\"@acme/l*b\"]", "no package pattern" },
        { "\"scopes\":[\"@acme b\"]", "no package pattern" },
        { "\"expires\":0", "--expires" },
        { "\"expires\":\"soon\"", "--expires" },
        { "\"expires\":99999999", "--expires" },
    };

    [Theory]
    [MemberData(nameof(Wishes))]
    public async Task A_token_is_what_was_asked_for(string wish, string scopes, string? packages)
    {
        var ada = await shared.Server.UserAsync();
        var made = await CreateAsync(ada, ada.Token, wish);
        Assert.True(made.Status == HttpStatusCode.Created, made.Body);
        Assert.Equal(scopes, Joined(made["scopes"]));
        Assert.Equal(packages, made["packages"].ValueKind == JsonValueKind.Null ? null : Joined(made["packages"]));
        Assert.Equal(scopes == "read:packages", made["readonly"].GetBoolean());
        var used = new Person(shared.Server, ada.Login, made["token"].GetString());
        Assert.Equal(ada.Login, (await used.CallAsync("GET", "/npm/-/whoami"))["username"].GetString());
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_a_token_cannot_be_is_refused_and_not_left_out(string wish, string says)
    {
        var ada = await shared.Server.UserAsync();
        var refused = await CreateAsync(ada, ada.Token, wish);
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains(says, refused.Error(), StringComparison.Ordinal);
        Assert.Equal(1, (await ada.CallAsync("GET", Tokens))["total"].GetInt32());
    }

    [Fact]
    public async Task The_password_is_a_token_of_the_same_person()
    {
        var (ada, bob) = (await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"));
        var other = await ada.WithTokenAsync("read:packages");
        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(ada, other.Token, "")).Status);
        foreach (var password in new[] { bob.Token, "wrong" })
        {
            var refused = await CreateAsync(ada, password, "");
            Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
            Assert.Null(refused.Header("WWW-Authenticate"));
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await ada.CallAsync("POST", Tokens, "{}")).Status);
    }

    [Fact]
    public async Task A_reading_token_makes_reading_ones()
    {
        var reader = await shared.Server.UserAsync(scopes: "read:packages");
        Assert.Equal("read:packages", Joined((await CreateAsync(reader, reader.Token, ""))["scopes"]));
        var more = await CreateAsync(reader, reader.Token, "\"packages_and_scopes_permission\":\"read-write\"");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, more.Status);
        Assert.Contains("this one has no write:packages", more.Error(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_has_no_secrets_and_one_ends_by_its_key_or_by_its_value()
    {
        var (ada, bob) = (await shared.Server.UserAsync(), await shared.Server.UserAsync("bob"));
        var (first, second) = (await CreateAsync(ada, ada.Token, "\"name\":\"ci\""), await CreateAsync(ada, ada.Token, ""));
        var list = await ada.CallAsync("GET", Tokens);
        Assert.Equal(3, list["total"].GetInt32());
        Assert.DoesNotContain(first["token"].GetString()!, list.Body, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Object, list["urls"].ValueKind);
        var keys = list["objects"].EnumerateArray().Select(one => one.GetProperty("key").GetString()!).ToList();
        Assert.Equal(3, keys.Select(key => key[..6]).Distinct().Count());

        // npm prints every name, even null, so it must be a string.
        Assert.All(list["objects"].EnumerateArray(), one => Assert.Equal(JsonValueKind.String, one.GetProperty("name").ValueKind));
        Assert.Equal("ci", list["objects"].EnumerateArray().Single(one => Key(one) == Key(first.Json)).GetProperty("name").GetString());

        var path = $"{Tokens}/token/";
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("DELETE", path + Key(first.Json))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await bob.CallAsync("DELETE", path + second["token"].GetString())).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("DELETE", path + Key(first.Json))).Status);
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("DELETE", path + second["token"].GetString())).Status);
        Assert.Equal(1, (await ada.CallAsync("GET", Tokens))["total"].GetInt32());
        var weak = await ada.WithTokenAsync("read:packages");
        Assert.Equal(HttpStatusCode.Forbidden, (await weak.CallAsync("DELETE", path + ada.Token)).Status);
    }

    [Fact]
    public async Task A_profile_is_shown_and_changed_elsewhere()
    {
        var ada = await shared.Server.UserAsync();
        await ada.DoAsync("PATCH", "/user", """{"name":"Ada L."}""");
        var profile = await ada.CallAsync("GET", "/npm/-/npm/v1/user");
        Assert.Equal(
            (ada.Login, "Ada L.", $"{ada.Login}@example.test"),
            (profile["name"].GetString(), profile["fullname"].GetString(), profile["email"].GetString()));
        var refused = await ada.CallAsync("POST", "/npm/-/npm/v1/user", """{"fullname":"x"}""");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.Status);
        Assert.Contains("/api/v3/user", refused.Error(), StringComparison.Ordinal);
    }

    private static Task<Reply> CreateAsync(Person person, string password, string wish) =>
        person.CallAsync("POST", Tokens, $$"""{"password":"{{password}}"{{(wish.Length == 0 ? "" : "," + wish)}}}""");

    private static string Key(JsonElement token) => token.GetProperty("key").GetString()!;

    private static string Joined(JsonElement list) => string.Join(' ', list.EnumerateArray().Select(one => one.GetString()));
}
