using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

internal static class OrganizationPairs
{
    public static readonly IReadOnlyDictionary<string, Func<Scene, Task<Meeting>>> All = new Dictionary<string, Func<Scene, Task<Meeting>>>
    {
        ["an organization's base permission becomes none, and it gets a name"] = async scene =>
        {
            var (path, name) = ($"/orgs/{scene.Organization}", Persons.Unique("name"));
            await scene.Owner.DoAsync("PATCH", path, """{"default_repository_permission":"read"}""");
            return new Meeting(
                () => scene.Owner.SendAsync("PATCH", path, """{"default_repository_permission":"none"}"""),
                () => scene.Owner.SendAsync("PATCH", path, $$"""{"name":"{{name}}"}"""),
                async (_, _) =>
                {
                    var now = await scene.Owner.DoAsync("GET", path);
                    Assert.Equal(("none", name), (now["default_repository_permission"].GetString(), now["name"].GetString()));
                });
        },
        ["an organization's base permission becomes none, and members may make no repositories"] = async scene =>
        {
            var path = $"/orgs/{scene.Organization}";
            await scene.Owner.DoAsync("PATCH", path, """{"default_repository_permission":"read","members_can_create_repositories":true}""");
            return new Meeting(
                () => scene.Owner.SendAsync("PATCH", path, """{"default_repository_permission":"none"}"""),
                () => scene.Owner.SendAsync("PATCH", path, """{"members_can_create_repositories":false}"""),
                async (_, _) =>
                {
                    var now = await scene.Owner.DoAsync("GET", path);
                    Assert.Equal(
                        ("none", false),
                        (now["default_repository_permission"].GetString(), now["members_can_create_repositories"].GetBoolean()));
                });
        },
        ["two settings of an organization's packages are closed"] = async scene =>
        {
            var path = $"/orgs/{scene.Organization}/settings/packages";
            await scene.Owner.DoAsync(
                "PATCH", path, """{"workflows_can_create_packages":true,"members_can_create_public_packages":true}""");
            return new Meeting(
                () => scene.Owner.SendAsync("PATCH", path, """{"workflows_can_create_packages":false}"""),
                () => scene.Owner.SendAsync("PATCH", path, """{"members_can_create_public_packages":false}"""),
                async (_, _) =>
                {
                    var now = await scene.Owner.DoAsync("GET", path);
                    Assert.Equal(
                        (false, false),
                        (now["workflows_can_create_packages"].GetBoolean(), now["members_can_create_public_packages"].GetBoolean()));
                });
        },
        ["a team is renamed, and described"] = async scene =>
        {
            var (team, name) = (await scene.TeamAsync(), Persons.Unique("renamed"));
            return new Meeting(
                () => Team(scene, "PATCH", team, $$"""{"name":"{{name}}"}"""),
                () => Team(scene, "PATCH", team, """{"description":"words"}"""),
                async (renamed, described) =>
                {
                    Assert.Equal(HttpStatusCode.OK, renamed.Status);
                    var now = await Team(scene, "GET", name);
                    Assert.Equal(described.Status == HttpStatusCode.OK ? "words" : null, now["description"].GetString());
                });
        },
        ["two teams take the same name"] = async scene =>
        {
            var (one, other, body) = (await scene.TeamAsync(), await scene.TeamAsync(), $$"""{"name":"{{Persons.Unique("same")}}"}""");
            return new Meeting(
                () => Team(scene, "PATCH", one, body),
                () => Team(scene, "PATCH", other, body),
                (a, b) => Assert.NotEqual(a.Status == HttpStatusCode.OK, b.Status == HttpStatusCode.OK));
        },
        ["a team takes the name of one that is made"] = async scene =>
        {
            var (one, body) = (await scene.TeamAsync(), $$"""{"name":"{{Persons.Unique("same")}}"}""");
            return new Meeting(
                () => Team(scene, "PATCH", one, body),
                () => scene.Owner.SendAsync("POST", $"/orgs/{scene.Organization}/teams", body),
                (renamed, made) => Assert.NotEqual(renamed.Status == HttpStatusCode.OK, made.Status == HttpStatusCode.Created));
        },
        ["a team goes while it gets a package"] = async scene =>
        {
            var (team, package) = (await scene.TeamAsync(), await scene.PackageAsync());
            return new Meeting(
                () => Team(scene, "DELETE", team),
                () => scene.Owner.SendAsync("PUT", $"{scene.Package(package)}/access/teams/{team}", """{"role":"read"}"""),
                (gone, _) => Assert.Equal(HttpStatusCode.NoContent, gone.Status));
        },
        ["somebody leaves while a team takes them in"] = async scene =>
        {
            var (team, member) = (await scene.TeamAsync(), await scene.MemberAsync());
            return new Meeting(
                () => scene.Owner.SendAsync("DELETE", $"/orgs/{scene.Organization}/members/{member.Login}"),
                () => Team(scene, "PUT", $"{team}/memberships/{member.Login}", """{"role":"member"}"""),
                async (
                    _,
                    _) => Assert.Equal(HttpStatusCode.NotFound, (await Team(scene, "GET", $"{team}/memberships/{member.Login}")).Status));
        },
        ["both owners leave"] = async scene =>
        {
            var (ada, bob) = (await scene.Server.UserAsync("ada"), await scene.Server.UserAsync("bob"));
            var organization = await ada.OrganizationAsync();
            await ada.DoAsync("PUT", $"/orgs/{organization}/memberships/{bob.Login}", """{"role":"admin"}""");
            return new Meeting(
                () => ada.SendAsync("DELETE", $"/orgs/{organization}/memberships/{ada.Login}"),
                () => bob.SendAsync("DELETE", $"/orgs/{organization}/memberships/{bob.Login}"),
                (one, other) => Assert.NotEqual(one.Status == HttpStatusCode.NoContent, other.Status == HttpStatusCode.NoContent));
        },
        ["an organization goes while a repository is made in it"] = async scene =>
        {
            var organization = await scene.Owner.OrganizationAsync();
            return new Meeting(
                () => scene.Owner.SendAsync("DELETE", $"/orgs/{organization}"),
                () => scene.Owner.SendAsync("POST", $"/orgs/{organization}/repos", """{"name":"app"}"""),
                (gone, _) => Assert.Equal(HttpStatusCode.NoContent, gone.Status));
        },
        ["an organization goes while a team is made in it"] = async scene =>
        {
            var organization = await scene.Owner.OrganizationAsync();
            return new Meeting(
                () => scene.Owner.SendAsync("DELETE", $"/orgs/{organization}"),
                () => scene.Owner.SendAsync("POST", $"/orgs/{organization}/teams", """{"name":"team"}"""),
                (gone, _) => Assert.Equal(HttpStatusCode.NoContent, gone.Status));
        },
    };

    private static Task<Reply> Team(Scene scene, string method, string team, string? body = null) =>
        scene.Owner.SendAsync(method, $"/orgs/{scene.Organization}/teams/{team}", body);
}
