using Berth.Tests.TestServer;

namespace Berth.Tests.Api;

/// <summary>
/// An organization with a private repository, a linked package with two versions and a team, and everybody who may want something of it.
/// </summary>
public sealed class RouteWorld
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    private RouteWorld(IReadOnlyList<Person> callers) => Callers = callers;

    /// <summary>Nobody, reader, writer, owner of the organization, somebody else; whoever can destroy comes last but one.</summary>
    public IReadOnlyList<Person> Callers { get; }

    public static async Task<RouteWorld> CreateAsync(BerthServer server)
    {
        var admin = await server.UserAsync("owner");
        var (reader, writer, other) = (await server.UserAsync("reader"), await server.UserAsync("writer"), await server.UserAsync("other"));
        var acme = await admin.OrganizationAsync();
        await admin.DoAsync("PATCH", $"/orgs/{acme}", """{"default_repository_permission":"none"}""");
        var app = await admin.RepositoryAsync(acme);
        foreach (var (person, permission) in new[] { (reader, "read"), (writer, "write") })
        {
            await admin.DoAsync("PUT", $"/orgs/{acme}/memberships/{person.Login}", """{"role":"member"}""");
            await admin.DoAsync("PUT", $"/repos/{app}/collaborators/{person.Login}", $$"""{"permission":"{{permission}}"}""");
        }

        var team = await admin.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"core"}""");
        var organization = await admin.GetAsync($"/orgs/{acme}");
        await admin.DoAsync("PUT", $"/orgs/{acme}/packages/container/app", $$"""{"repository":"{{app}}","inherit_access":true}""");
        await admin.PushAsync($"{acme}/app", "1");
        await admin.PushAsync($"{acme}/app", "2", "\"second\":\"yes\"");
        var versions = await admin.GetAsync($"/orgs/{acme}/packages/container/app/versions");
        return new RouteWorld([server.Nobody(), reader, writer, admin, other])
        {
            _names =
            {
                ["/organizations/{org}"] = "/organizations/" + organization["id"].GetRawText(),
                ["/team/{team_slug}"] = "/team/" + team["id"].GetRawText(),
                ["{org}"] = acme,
                ["{owner}/{repo}"] = app,
                ["{repository_id}"] = (await admin.GetAsync($"/repos/{app}"))["id"].GetRawText(),
                ["{team_slug}"] = "core",
                ["{version_id}"] = versions.Json[0].GetProperty("id").GetRawText(),
                ["{run_id}"] = "0",
                ["{tag}"] = "1",
                ["{type}"] = "container",
                ["{login}"] = reader.Login,
                ["{id}"] = "0",
                ["{id:long}"] = "0",
                ["{secret}"] = "TOKEN",
            },
        };
    }

    /// <summary>Puts the names of this world into a route's pattern.</summary>
    public (string Method, string Path) Fill(string route)
    {
        var space = route.IndexOf(' ', StringComparison.Ordinal);
        var path = route[(space + 1)..];

        // {username} is the account whose packages are meant, elsewhere a member.
        path = path.Replace(
            "{username}", path.Contains("/packages", StringComparison.Ordinal) ? _names["{org}"] : Callers[1].Login,
            StringComparison.Ordinal);
        path = path.Replace(
            "{name}", path.Contains("/user/codespaces/", StringComparison.Ordinal) ? "no-such-codespace" : "app", StringComparison.Ordinal);
        foreach (var (name, value) in _names)
        {
            path = path.Replace(name, value, StringComparison.Ordinal);
        }

        return (route[..space], path.EndsWith("/packages", StringComparison.Ordinal) ? path + "?package_type=container" : path);
    }
}
