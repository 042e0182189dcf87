using Berth.Tests.Npm;
using Berth.Tests.TestServer;
using Berth.Tests.Tokens;
using Berth.Tests.Trusts;

namespace Berth.Tests.Api;

/// <summary>An organization with a private repository, a linked package with two versions and a team, and every kind of caller.</summary>
public sealed class RouteWorld
{
    /// <summary>The columns of the table, in order.</summary>
    public static readonly IReadOnlyList<string> Columns =
        ["nobody", "outsider", "reader", "writer", "admin", "owner", "workflow", "exchanged", "codespace", "narrow"];

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    private RouteWorld(IReadOnlyList<Person> callers) => Callers = callers;

    /// <summary>
    /// Nobody; an outsider; three plain members of the organization with a role on the repository; an owner; a workflow of the repository
    /// with a minted token, and one that exchanged its ID token; a codespace of the reader; the owner with a token that only reads this
    /// package. People's tokens have every scope.
    /// </summary>
    public IReadOnlyList<Person> Callers { get; }

    public static async Task<RouteWorld> CreateAsync(TrustWorld trusted)
    {
        var server = trusted.Server;
        var owner = await server.UserAsync("owner");
        var outsider = await server.UserAsync("outsider");
        var acme = await owner.OrganizationAsync();
        await owner.DoAsync("PATCH", $"/orgs/{acme}", """{"default_repository_permission":"none"}""");
        var app = await owner.RepositoryAsync(acme);
        List<Person> members = [];
        foreach (var permission in new[] { "read", "write", "admin" })
        {
            var person = await server.UserAsync(permission);
            await owner.DoAsync("PUT", $"/orgs/{acme}/memberships/{person.Login}", """{"role":"member"}""");
            await owner.DoAsync("PUT", $"/repos/{app}/collaborators/{person.Login}", $$"""{"permission":"{{permission}}"}""");
            members.Add(person);
        }

        var team = await owner.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        var organization = await owner.GetAsync($"/orgs/{acme}");
        await owner.DoAsync("PUT", $"/orgs/{acme}/packages/container/app", $$"""{"repository":"{{app}}","inherit_access":true}""");
        await owner.PushAsync($"{acme}/app", "1");
        var digest = await owner.PushAsync($"{acme}/app", "2", "\"second\":\"yes\"");
        await owner.DoAsync("PUT", $"/orgs/{acme}/packages/npm/app", $$"""{"repository":"{{app}}","inherit_access":true}""");
        Assert.Equal(System.Net.HttpStatusCode.Created, (await owner.PublishAsync($"@{acme.ToLowerInvariant()}/app")).Status);
        var versions = await owner.GetAsync($"/orgs/{acme}/packages/container/app/versions");
        return new RouteWorld(
            [
                server.Nobody(), outsider, members[0], members[1], members[2], owner, await owner.WorkflowAsync(app),
                await ExchangedAsync(trusted, owner, app), await CodespaceTokens.CreateAsync(members[0], app),
                await owner.WithTokenAsync("read:packages", $"{acme}/app"),
            ])
        {
            _names =
            {
                ["/organizations/{org}"] = "/organizations/" + organization["id"].GetRawText(),
                ["/team/{team_slug}"] = "/team/" + team["id"].GetRawText(),
                ["{org}"] = acme,
                ["{owner}/{repo}"] = app,
                ["{repository_id}"] = (await owner.GetAsync($"/repos/{app}"))["id"].GetRawText(),
                ["{team_slug}"] = "core",
                ["{version_id}"] = versions.Json[0].GetProperty("id").GetRawText(),
                ["{run_id}"] = "0",
                ["{tag}"] = "1",
                ["@{scope}"] = "@" + acme.ToLowerInvariant(),
                ["@{again}"] = "@" + acme.ToLowerInvariant(),
                ["{file}"] = "app-1.0.0.tgz",
                ["{version}"] = "1.0.0",
                ["{revision}"] = "0-berth",
                ["{user}"] = "org.couchdb.user:nobody",
                ["{token}"] = "none",
                ["{type}"] = "container",
                ["{login}"] = members[0].Login,
                ["{reference}"] = "1",
                ["/blobs/{digest}"] = "/blobs/" + Person.EmptyBlob,
                ["{digest}"] = digest,
                ["{id}"] = "0",
                ["{id:long}"] = "0",
                ["{hook_id:long}"] = "0",
                ["{delivery_id:long}"] = "0",
                ["{secret}"] = "TOKEN",
            },
        };
    }

    /// <summary>Puts the names of this world into a route's pattern.</summary>
    public (string Method, string Path) Fill(string route)
    {
        var space = route.IndexOf(' ', StringComparison.Ordinal);
        var path = route[(space + 1)..];

        // {username} is the account whose packages are meant, or elsewhere a member. {name} is a package, an image or a codespace.
        path = path.Replace(
            "{username}", path.Contains("/packages", StringComparison.Ordinal) ? _names["{org}"] : Callers[2].Login,
            StringComparison.Ordinal);
        path = path.Replace(
            "{name}",
            path.Contains("/user/codespaces/", StringComparison.Ordinal) ? "no-such-codespace"
                : path.StartsWith("/v2/", StringComparison.Ordinal) ? _names["{org}"] + "/app" : "app",
            StringComparison.Ordinal);
        foreach (var (name, value) in _names)
        {
            path = path.Replace(name, value, StringComparison.Ordinal);
        }

        return (route[..space], path.EndsWith("/packages", StringComparison.Ordinal) ? path + "?package_type=container" : path);
    }

    private static async Task<Person> ExchangedAsync(TrustWorld trusted, Person owner, string repository)
    {
        var id = Persons.Unique("id");
        await owner.DoAsync(
            "POST", $"/repos/{repository}/trusts",
            $$$"""
            {"provider":"github","issuer":"{{{trusted.Issuer.Url}}}","audience":"{{{TrustWorld.Audience}}}","value":"{{{id}}}",
             "permissions":{"packages":"write"}}
            """);
        return await trusted.WorkflowAsync(trusted.Issuer.Sign(trusted.Claims(id)));
    }
}
