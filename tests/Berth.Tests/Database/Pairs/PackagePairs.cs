using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

internal static class PackagePairs
{
    public static readonly IReadOnlyDictionary<string, Func<Scene, Task<Meeting>>> All = new Dictionary<string, Func<Scene, Task<Meeting>>>
    {
        ["both last versions go"] = async scene =>
        {
            var path = scene.Package(await scene.PackageAsync(versions: 2)) + "/versions";
            var ids = (await scene.Owner.DoAsync("GET", path)).Json.EnumerateArray()
                .Select(version => version.GetProperty("id").GetInt64())
                .ToArray();
            return new Meeting(
                () => scene.Owner.SendAsync("DELETE", $"{path}/{ids[0]}"),
                () => scene.Owner.SendAsync("DELETE", $"{path}/{ids[1]}"),
                async (one, other) =>
                {
                    Assert.NotEqual(one.Status == HttpStatusCode.NoContent, other.Status == HttpStatusCode.NoContent);
                    Assert.Equal(1, (await scene.Owner.DoAsync("GET", path)).Json.GetArrayLength());
                });
        },
        ["a workflow publishes while its repository becomes private"] = async scene =>
        {
            var (repository, name) = (await scene.RepositoryAsync("public"), Persons.Unique("born"));
            var workflow = await scene.Owner.WorkflowAsync(repository);
            await RegistryRequests.PushBlobAsync(workflow, $"{scene.Organization}/{name}", "{}");
            return new Meeting(
                () => scene.Owner.SendAsync("PATCH", $"/repos/{repository}", """{"visibility":"private"}"""),
                () => RegistryRequests.PutManifestAsync(workflow, $"{scene.Organization}/{name}", "v1", RegistryRequests.Manifest("{}")),
                async (_, published) =>
                {
                    Assert.Equal(HttpStatusCode.Created, published.Status);
                    Assert.Equal("private", (await scene.Owner.DoAsync("GET", scene.Package(name)))["visibility"].GetString());
                });
        },
        ["a package is restored while its name is made anew"] = async scene =>
        {
            var name = await scene.PackageAsync();
            await scene.Owner.DoAsync("DELETE", scene.Package(name));
            return new Meeting(
                () => scene.Owner.SendAsync("POST", scene.Package(name) + "/restore"),
                () => scene.Owner.SendAsync("PUT", scene.Package(name), """{"visibility":"private"}"""),
                async (_, made) =>
                {
                    Assert.True(
                        made.Status is HttpStatusCode.Created or HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity, made.Body);
                    await scene.Owner.DoAsync("GET", scene.Package(name));
                });
        },
        ["a package is restored twice"] = async scene =>
        {
            var name = await scene.PackageAsync();
            await scene.Owner.DoAsync("DELETE", scene.Package(name));
            Task<Reply> Restore() => scene.Owner.SendAsync("POST", scene.Package(name) + "/restore");
            return new Meeting(Restore, Restore, (one, other) =>
                Assert.NotEqual(one.Status == HttpStatusCode.NoContent, other.Status == HttpStatusCode.NoContent));
        },
        ["a version is restored while it is pushed again"] = async scene =>
        {
            var name = await scene.PackageAsync(versions: 2);
            var path = scene.Package(name) + "/versions";
            var id = (await scene.Owner.DoAsync("GET", path)).Json.EnumerateArray().First().GetProperty("id").GetInt64();
            await scene.Owner.DoAsync("DELETE", $"{path}/{id}");
            return new Meeting(
                () => scene.Owner.SendAsync("POST", $"{path}/{id}/restore"),
                async () =>
                {
                    await scene.Owner.PushAsync($"{scene.Organization}/{name}", "v1", "\"n\":\"1\"");
                    return await scene.Owner.GetAsync(path);
                },
                async (_, _) => Assert.Equal(2, (await scene.Owner.DoAsync("GET", path)).Json.GetArrayLength()));
        },
        ["inheritance is switched on while somebody is granted the package"] = async scene =>
        {
            var (repository, name, user) = (await scene.RepositoryAsync(), await scene.PackageAsync(), await scene.Server.UserAsync());
            return new Meeting(
                () => scene.Owner.SendAsync("PATCH", scene.Package(name), $$"""{"repository":"{{repository}}","inherit_access":true}"""),
                () => scene.Owner.SendAsync("PUT", $"{scene.Package(name)}/access/users/{user.Login}", """{"role":"read"}"""),
                async (
                    _,
                    _) => Assert.Equal(0, (await scene.Owner.DoAsync("GET", scene.Package(name) + "/access"))["users"].GetArrayLength()));
        },
        ["a package becomes public, and is linked"] = async scene =>
        {
            var (repository, name) = (await scene.RepositoryAsync(), await scene.PackageAsync());
            return new Meeting(
                () => scene.Owner.SendAsync("PATCH", scene.Package(name), """{"visibility":"public"}"""),
                () => scene.Owner.SendAsync("PATCH", scene.Package(name), $$"""{"repository":"{{repository}}"}"""),
                async (_, _) =>
                {
                    var now = await scene.Owner.DoAsync("GET", scene.Package(name));
                    Assert.Equal(
                        ("public", repository), (now["visibility"].GetString(), now["repository"].GetProperty("full_name").GetString()));
                });
        },
        ["a package goes while it is pushed to"] = async scene =>
        {
            var name = await scene.PackageAsync();
            var path = $"{scene.Organization}/{name}";
            return new Meeting(
                () => scene.Owner.SendAsync("DELETE", scene.Package(name)),
                () => RegistryRequests.PutManifestAsync(scene.Owner, path, "late", RegistryRequests.Manifest("{}", "late")),
                async (_, pushed) => Assert.Equal(
                    pushed.Status == HttpStatusCode.Created && (await scene.Owner.GetAsync(scene.Package(name))).Status == HttpStatusCode.OK
                        ? HttpStatusCode.OK
                        : HttpStatusCode.NotFound,
                    await scene.Owner.PullAsync(path, "late")));
        },
    };
}
