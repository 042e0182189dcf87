using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

internal static class CodespacePairs
{
    public static readonly IReadOnlyDictionary<string, Func<Scene, Task<Meeting>>> All = new Dictionary<string, Func<Scene, Task<Meeting>>>
    {
        ["a codespace gets a name, and another timeout"] = async scene =>
        {
            var user = await scene.Server.UserAsync();
            var repository = await user.RepositoryAsync(user.Login);
            var path = "/user/codespaces/" + (await user.DoAsync("POST", $"/repos/{repository}/codespaces", "{}"))["name"].GetString();
            return new Meeting(
                () => user.SendAsync("PATCH", path, """{"display_name":"words"}"""),
                () => user.SendAsync("PATCH", path, """{"idle_timeout_minutes":77}"""),
                async (_, _) =>
                {
                    var now = await user.DoAsync("GET", path);
                    Assert.Equal(("words", 77), (now["display_name"].GetString(), now["idle_timeout_minutes"].GetInt32()));
                });
        },
        ["an account goes while it makes a codespace"] = async scene =>
        {
            var (user, repository) = (await scene.Server.UserAsync(), await scene.RepositoryAsync("public"));
            return new Meeting(
                () => scene.Server.Administrator().SendAsync("DELETE", $"/admin/users/{user.Login}"),
                () => user.SendAsync("POST", $"/repos/{repository}/codespaces", "{}"),
                (gone, made) => Assert.NotEqual(gone.Status == HttpStatusCode.NoContent, made.Status == HttpStatusCode.Created));
        },
    };
}
