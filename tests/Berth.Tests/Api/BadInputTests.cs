using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Api;

/// <summary>Each wrong request is refused with the status and words of its row, and none gets a 5xx.</summary>
public sealed class BadInputTests(SharedServer shared)
{
    private const string Long = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    private static readonly string Deep = string.Concat(Enumerable.Repeat("{\"a\":", 17)) + "1" + new string('}', 17);

    public static readonly TheoryData<string, string, string?, int, string> Cases = new()
    {
        // Bodies that are not a JSON object.
        { "POST", "/admin/users", "{", 400, "Problems parsing JSON" },
        { "POST", "/admin/users", "[]", 400, "Body should be a JSON object" },
        { "POST", "/admin/users", "\"ada\"", 400, "Body should be a JSON object" },
        { "POST", "/admin/users", "null", 400, "Body should be a JSON object" },
        { "POST", "/admin/users", "{\"login\":\"a\",}", 400, "Problems parsing JSON" },
        { "POST", "/admin/users", "{\"login\":\"a\" // no\n}", 400, "Problems parsing JSON" },
        { "POST", "/admin/users", "{\"login\":\"a\"} {}", 400, "Problems parsing JSON" },
        { "POST", "/admin/users", "{\"login\":\"a\",\"login\":\"b\"}", 400, "stands there twice" },
        { "POST", "/admin/users", Deep, 400, "deep" },
        { "POST", "/admin/users", "{'login':'a'}", 400, "Problems parsing JSON" },
        { "POST", "/admin/users", "login=a", 400, "Problems parsing JSON" },

        // Accounts.
        { "POST", "/admin/users", "", 422, "login is missing" },
        { "POST", "/admin/users", "{}", 422, "login is missing" },
        { "POST", "/admin/users", "{\"login\":null}", 422, "login is missing" },
        { "POST", "/admin/users", "{\"login\":\"\"}", 422, "login must not be empty" },
        { "POST", "/admin/users", "{\"login\":1}", 422, "login must be a string" },
        { "POST", "/admin/users", "{\"login\":[\"a\"]}", 422, "login must be a string" },
        { "POST", "/admin/users", "{\"login\":\"a b\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"-a\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"a-\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"a--b\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"a_b\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"a/b\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"ädä\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"ada\\n\"}", 422, "letters and digits" },
        { "POST", "/admin/users", "{\"login\":\"ada\\u0000\"}", 422, "control characters" },
        { "POST", "/admin/users", "{\"login\":\"\\ud800\"}", 422, "valid Unicode" },
        { "POST", "/admin/users", $"{{\"login\":\"{Long}\"}}", 422, "at most 39" },
        { "POST", "/admin/users", "{\"login\":\"v2\"}", 422, "reserved" },
        { "POST", "/admin/users", "{\"login\":\"Library\"}", 422, "reserved" },
        { "POST", "/admin/users", "{\"login\":\"healthz\"}", 422, "reserved" },
        { "POST", "/admin/users", "{\"login\":\"Admin\"}", 422, "reserved" },
        { "POST", "/admin/users", "{\"login\":\"a1\",\"email\":\"nowhere\"}", 422, "email must be an address" },
        { "POST", "/admin/users", "{\"login\":\"a1\",\"email\":7}", 422, "email must be a string" },
        { "POST", "/admin/organizations", "{\"login\":\"o1\"}", 422, "admin is missing" },
        { "POST", "/admin/organizations", "{\"login\":\"o1\",\"admin\":\"no-such-user\"}", 422, "no user no-such-user" },
        { "DELETE", "/admin/users/no-such-user", null, 404, "Not Found" },
        { "DELETE", "/admin/users/admin", null, 422, "last site administrator" },
        { "DELETE", "/users/admin/site_admin", null, 422, "last site administrator" },
        { "GET", "/users/%00", null, 400, "" },
        { "GET", "/users/a%2Fb", null, 404, "Not Found" },

        // Tokens.
        { "POST", "/user/tokens", "{\"scopes\":\"repo\"}", 422, "scopes must be a list" },
        { "POST", "/user/tokens", "{\"scopes\":[1]}", 422, "scopes must be a list of strings" },
        { "POST", "/user/tokens", "{\"scopes\":[\"everything\"]}", 422, "no scope everything" },
        { "POST", "/user/tokens", "{\"scopes\":[\"repo\"],\"packages\":[]}", 422, "1 to 50 patterns" },
        { "POST", "/user/tokens", "{\"scopes\":[\"repo\"],\"packages\":[\"acme\"]}", 422, "no package pattern" },
        { "POST", "/user/tokens", "{\"scopes\":[\"repo\"],\"packages\":[\"*/*\"]}", 422, "no package pattern" },
        { "POST", "/user/tokens", "{\"scopes\":[\"repo\"],\"packages\":[\"a b/c\"]}", 422, "no package pattern" },
        { "POST", "/user/tokens", "{\"expires_at\":\"soon\"}", 422, "expires_at must be a time" },
        { "POST", "/user/tokens", "{\"expires_at\":\"2001-01-01\"}", 422, "past" },
        { "POST", "/user/tokens", "{\"expires_at\":1}", 422, "expires_at must be a string" },
        { "DELETE", "/user/tokens/one", null, 404, "Not Found" },
        { "DELETE", "/user/tokens/99999999999999999999", null, 404, "Not Found" },

        // Repositories.
        { "POST", "/user/repos", "{}", 422, "name is missing" },
        { "POST", "/user/repos", "{\"name\":\"..\"}", 422, "repository name" },
        { "POST", "/user/repos", "{\"name\":\"a/b\"}", 422, "repository name" },
        { "POST", "/user/repos", "{\"name\":\"a.git\"}", 422, "repository name" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"visibility\":\"secret\"}", 422, "public, internal, private" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"visibility\":\"internal\"}", 422, "organizations" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"private\":\"yes\"}", 422, "true or false" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"private\":true,\"visibility\":\"public\"}", 422, "contradict" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"git.test/a\"}", 422, "clone_url" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"https://u:p@git.test/a\"}", 422, "password" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"https://token@git.test/a\"}", 422, "password" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"file:///etc\"}", 422, "BERTH_ALLOW_FILE_CLONE" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"ext::sh -c id\"}", 422, "clone_url" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"ext::id\"}", 422, "clone_url" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"--upload-pack=id\"}", 422, "clone_url" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"ssh://-oProxyCommand=id/a\"}", 422, "clone_url" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"ssh://git:pw@git.test/a\"}", 422, "password" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"javascript:alert(1)\"}", 422, "clone_url" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"clone_url\":\"https://git.test\"}", 422, "clone_url" },
        { "POST", "/user/repos", "{\"name\":\"a\",\"default_branch\":\"-x\"}", 422, "default_branch" },
        { "GET", "/repositories/abc", null, 404, "Not Found" },
        { "GET", "/repos/admin/no-such-repo", null, 404, "Not Found" },

        // Packages.
        { "GET", "/user/packages", null, 400, "package_type" },
        { "GET", "/user/packages?package_type=tarball", null, 400, "package_type" },
        { "GET", "/user/packages?package_type=container&visibility=secret", null, 422, "visibility" },
        { "GET", "/user/packages?package_type=container&page=0", null, 422, "page must be a whole number" },
        { "GET", "/user/packages?package_type=container&per_page=x", null, 422, "per_page must be a whole number" },
        { "GET", "/user/packages?package_type=container&per_page=-1", null, 422, "per_page must be a whole number" },
        { "GET", "/user/packages?package_type=container&page=99999999999", null, 422, "page must be a whole number" },
        { "GET", "/user/packages/container/UPPER", null, 404, "Not Found" },
        { "GET", "/user/packages/container/a%2F%2Fb", null, 404, "Not Found" },
        { "GET", "/user/packages/container/..%2F..%2Fx", null, 404, "Not Found" },
        { "GET", "/user/packages/tarball/app", null, 404, "Not Found" },
        { "PUT", "/user/packages/container/p1", "{\"visibility\":\"internal\"}", 422, "organizations" },
        { "PUT", "/user/packages/container/p1", "{\"visibility\":5}", 422, "visibility must be a string" },
        { "PUT", "/user/packages/container/p1", "{\"repository\":\"app\"}", 422, "owner/name" },
        { "PUT", "/user/packages/container/p1", "{\"repository\":\"admin/no-such\"}", 422, "may write" },
        { "PUT", "/user/packages/container/p1", "{\"inherit_access\":true}", 422, "link it first" },
        { "PUT", "/user/packages/container/p1", "{\"inherit_access\":true,\"repository\":null}", 422, "no access to inherit" },
        { "PUT", "/user/packages/container/p1", "{\"inherit_access\":\"on\"}", 422, "true or false" },
        { "PUT", "/user/packages/container/UPPER", "{}", 404, "Not Found" },

        { "PUT", "/user/packages/container/p1/access/explain?user=%00", "{}", 405, "method" },
        { "GET", "/user/packages/container/p1/access/explain?user=%00", null, 400, "NUL" },
        { "GET", "/users?since=%00", null, 400, "NUL" },
        { "GET", "/user/packages?package_type=container%00", null, 400, "NUL" },

        // The rest.
        { "GET", "/user/", null, 404, "Not Found" },
        { "GET", "/no/such/route", null, 404, "Not Found" },
        { "GET", "/orgs/admin", null, 404, "Not Found" },
        { "PATCH", "/orgs/no-such-org", "{}", 404, "Not Found" },
        { "PUT", "/user", "{}", 405, "method" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_wrong_request_is_told_what_is_wrong(string method, string path, string? body, int status, string words)
    {
        var reply = await shared.Server.Administrator().SendAsync(method, path, body);
        Assert.Equal(status, (int)reply.Status);
        Assert.Contains(words, reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_more_than_a_mebibyte_is_too_large()
    {
        var reply = await shared.Server.Administrator()
            .SendAsync("POST", "/admin/users", "{\"login\":\"" + new string('a', 1_100_000) + "\"}");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, reply.Status);
    }

    [Fact]
    public async Task Every_wrong_field_is_reported_at_once()
    {
        var reply = await shared.Server.Administrator().SendAsync("POST", "/admin/users", """{"login":"a b","email":"x","name":1}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Equal(["login", "email", "name"], reply["errors"].EnumerateArray().Select(error => error.GetProperty("field").GetString()));
        Assert.Equal("422", reply["status"].GetString());
    }

    [Fact]
    public async Task Unknown_fields_and_parameters_are_nobodys_mistake()
    {
        var ada = await shared.Server.UserAsync();
        await ada.DoAsync("GET", "/user?colour=blue");
        await ada.DoAsync("POST", "/user/repos", """{"name":"app","has_issues":true,"auto_init":false}""");
    }
}
