using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

/// <summary>What is given to somebody, or done by them, at the moment when their account is deleted.</summary>
internal static class AccountPairs
{
    public static readonly IReadOnlyDictionary<string, Func<Scene, Task<Meeting>>> All = new Dictionary<string, Func<Scene, Task<Meeting>>>
    {
        ["an account goes while it becomes a collaborator"] = async scene =>
        {
            var (user, repository) = (await scene.Server.UserAsync(), await scene.RepositoryAsync());
            return Going(scene, user, () => scene.Owner.SendAsync("PUT", $"/repos/{repository}/collaborators/{user.Login}", "{}"));
        },
        ["an account goes while it becomes a member"] = async scene =>
        {
            var user = await scene.Server.UserAsync();
            return Going(scene, user, () => scene.Owner.SendAsync("PUT", $"/orgs/{scene.Organization}/memberships/{user.Login}", "{}"));
        },
        ["an account goes while it becomes a team's member"] = async scene =>
        {
            var (user, team) = (await scene.MemberAsync(), await scene.TeamAsync());
            return Going(
                scene, user, () => scene.Owner.SendAsync("PUT", $"/orgs/{scene.Organization}/teams/{team}/memberships/{user.Login}", "{}"));
        },
        ["an account goes while it is given a package"] = async scene =>
        {
            var (user, package) = (await scene.Server.UserAsync(), await scene.PackageAsync());
            return Going(
                scene, user,
                () => scene.Owner.SendAsync("PUT", $"{scene.Package(package)}/access/users/{user.Login}", """{"role":"read"}"""));
        },
        ["an account goes while it gets a token"] = async scene =>
        {
            var user = await scene.Server.UserAsync();
            return Going(
                scene, user,
                () => scene.Server.Administrator()
                    .SendAsync("POST", $"/admin/users/{user.Login}/authorizations", """{"scopes":["repo"]}"""));
        },
        ["an account goes while it makes a token"] = async scene =>
        {
            var user = await scene.Server.UserAsync();
            return Going(scene, user, () => user.SendAsync("POST", "/user/tokens", """{"scopes":["repo"]}"""));
        },
        ["an account goes while it makes a repository"] = async scene =>
        {
            var user = await scene.Server.UserAsync();
            return Going(scene, user, () => user.SendAsync("POST", "/user/repos", """{"name":"app"}"""));
        },
        ["an account goes while it makes a package"] = async scene =>
        {
            var user = await scene.MemberAsync();
            return Going(scene, user, () => user.SendAsync("PUT", scene.Package(Persons.Unique("made")), """{"visibility":"private"}"""));
        },
        ["an account goes while it begins an upload"] = async scene =>
        {
            var user = await scene.Server.UserAsync();
            return Going(scene, user, () => RegistryRequests.BeginAsync(user, $"{user.Login}/app"));
        },
        ["an account goes while it becomes an organization's owner"] = async scene =>
        {
            var (user, organization) = (await scene.Server.UserAsync(), Persons.Unique("born"));
            return new Meeting(
                () => scene.Server.Administrator().SendAsync("DELETE", $"/admin/users/{user.Login}"),
                () => scene.Server.Administrator()
                    .SendAsync("POST", "/admin/organizations", $$"""{"login":"{{organization}}","admin":"{{user.Login}}"}"""),
                (gone, made) => Assert.NotEqual(gone.Status == HttpStatusCode.NoContent, made.Status == HttpStatusCode.Created));
        },
        ["two accounts take the same login"] = scene =>
        {
            var body = $$"""{"login":"{{Persons.Unique("same")}}"}""";
            Task<Reply> Make() => scene.Server.Administrator().SendAsync("POST", "/admin/users", body);
            return Task.FromResult(new Meeting(Make, Make, (one, other) =>
                Assert.NotEqual(one.Status == HttpStatusCode.Created, other.Status == HttpStatusCode.Created)));
        },
        ["a profile gets a name, and an address"] = async scene =>
        {
            var user = await scene.Server.UserAsync();
            return new Meeting(
                () => user.SendAsync("PATCH", "/user", """{"name":"Ada"}"""),
                () => user.SendAsync("PATCH", "/user", """{"email":"ada@example.test"}"""),
                async (_, _) =>
                {
                    var now = await user.DoAsync("GET", "/user");
                    Assert.Equal(("Ada", "ada@example.test"), (now["name"].GetString(), now["email"].GetString()));
                });
        },
    };

    private static Meeting Going(Scene scene, Person user, Func<Task<Reply>> beside) => new(
        () => scene.Server.Administrator().SendAsync("DELETE", $"/admin/users/{user.Login}"),
        beside,
        (gone, _) => Assert.Equal(HttpStatusCode.NoContent, gone.Status));
}
