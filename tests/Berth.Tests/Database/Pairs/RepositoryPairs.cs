using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

internal static class RepositoryPairs
{
    public static readonly IReadOnlyDictionary<string, Func<Scene, Task<Meeting>>> All = new Dictionary<string, Func<Scene, Task<Meeting>>>
    {
        ["a repository becomes private, and is described"] = async scene =>
        {
            var repository = await scene.RepositoryAsync("public");
            return new Meeting(
                () => scene.Owner.SendAsync("PATCH", $"/repos/{repository}", """{"visibility":"private"}"""),
                () => scene.Owner.SendAsync("PATCH", $"/repos/{repository}", """{"description":"words"}"""),
                async (_, _) =>
                {
                    var now = await scene.Owner.DoAsync("GET", $"/repos/{repository}");
                    Assert.Equal(("private", "words"), (now["visibility"].GetString(), now["description"].GetString()));
                });
        },
        ["two repositories take the same name"] = async scene =>
        {
            var (one, other, name) = (await scene.RepositoryAsync(), await scene.RepositoryAsync(), Persons.Unique("same"));
            return new Meeting(() => Rename(scene, one, name), () => Rename(scene, other, name), OneOf(HttpStatusCode.OK));
        },
        ["a repository takes the name of one that is made"] = async scene =>
        {
            var (one, name) = (await scene.RepositoryAsync(), Persons.Unique("same"));
            return new Meeting(
                () => Rename(scene, one, name),
                () => scene.Owner.SendAsync("POST", $"/orgs/{scene.Organization}/repos", $$"""{"name":"{{name}}"}"""),
                (renamed, made) => Assert.NotEqual(renamed.Status == HttpStatusCode.OK, made.Status == HttpStatusCode.Created));
        },
        ["a repository moves to where another takes its name"] = async scene =>
        {
            var moving = await scene.Owner.RepositoryAsync(scene.Owner.Login, Persons.Unique("moving"));
            var other = await scene.RepositoryAsync();
            return new Meeting(
                () => scene.Owner.SendAsync("POST", $"/repos/{moving}/transfer", $$"""{"new_owner":"{{scene.Organization}}"}"""),
                () => Rename(scene, other, moving.Split('/')[1]),
                (moved, renamed) => Assert.NotEqual(moved.Status == HttpStatusCode.Accepted, renamed.Status == HttpStatusCode.OK));
        },
        ["a repository moves, and becomes private"] = async scene =>
        {
            var moving = await scene.Owner.RepositoryAsync(scene.Owner.Login, Persons.Unique("moving"), "public");
            return new Meeting(
                () => scene.Owner.SendAsync("POST", $"/repos/{moving}/transfer", $$"""{"new_owner":"{{scene.Organization}}"}"""),
                () => scene.Owner.SendAsync("PATCH", $"/repos/{moving}", """{"visibility":"private"}"""),
                async (moved, changed) =>
                {
                    Assert.Equal(HttpStatusCode.Accepted, moved.Status);
                    var now = await scene.Owner.DoAsync("GET", $"/repos/{scene.Organization}/{moving.Split('/')[1]}");
                    Assert.Equal(changed.Status == HttpStatusCode.OK ? "private" : "public", now["visibility"].GetString());
                });
        },
        ["a repository goes while somebody becomes its collaborator"] = async scene =>
        {
            var (repository, user) = (await scene.RepositoryAsync(), await scene.Server.UserAsync());
            return Going(scene, repository, () => scene.Owner.SendAsync("PUT", $"/repos/{repository}/collaborators/{user.Login}", "{}"));
        },
        ["a repository goes while a workflow of it begins"] = async scene =>
        {
            var repository = await scene.RepositoryAsync();
            return Going(
                scene, repository,
                () => scene.Owner.SendAsync("POST", $"/repos/{repository}/workflow-tokens", """{"permissions":{"packages":"read"}}"""));
        },
        ["a repository goes while a team gets it"] = async scene =>
        {
            var (repository, team) = (await scene.RepositoryAsync(), await scene.TeamAsync());
            return Going(
                scene, repository, () => scene.Owner.SendAsync("PUT", $"/orgs/{scene.Organization}/teams/{team}/repos/{repository}", "{}"));
        },
        ["a repository goes while a package is linked to it"] = async scene =>
        {
            var (repository, package) = (await scene.RepositoryAsync(), await scene.PackageAsync());
            return Going(
                scene, repository,
                () => scene.Owner.SendAsync(
                    "PATCH", scene.Package(package), $$"""{"repository":"{{repository}}","inherit_access":true}"""));
        },
        ["a repository goes while it is put on a package's list"] = async scene =>
        {
            var (repository, package) = (await scene.RepositoryAsync(), await scene.PackageAsync());
            return Going(
                scene, repository,
                () => scene.Owner.SendAsync("PUT", $"{scene.Package(package)}/access/actions/{repository}", """{"role":"read"}"""));
        },
    };

    private static Task<Reply> Rename(Scene scene, string repository, string name) =>
        scene.Owner.SendAsync("PATCH", $"/repos/{repository}", $$"""{"name":"{{name}}"}""");

    private static Action<Reply, Reply> OneOf(HttpStatusCode success) =>
        (one, other) => Assert.NotEqual(one.Status == success, other.Status == success);

    private static Meeting Going(Scene scene, string repository, Func<Task<Reply>> beside) => new(
        () => scene.Owner.SendAsync("DELETE", $"/repos/{repository}"),
        beside,
        (gone, _) => Assert.Equal(HttpStatusCode.NoContent, gone.Status));
}
