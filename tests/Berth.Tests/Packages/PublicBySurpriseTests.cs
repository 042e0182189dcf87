using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Packages;

/// <summary>
/// "Access can tighten by itself, never loosen by itself": every way in which a package could become readable for more people without
/// anybody's decision, and the few decisions that open one.
/// </summary>
public sealed class PublicBySurpriseTests(SharedServer shared)
{
    /// <summary>What may happen to a package beside a public repository. None of it opens the package.</summary>
    private static readonly Dictionary<string, Func<Scene, Task>> Happenings = new(StringComparer.Ordinal)
    {
        ["pushed again"] = scene => scene.Ada.PushAsync(scene.Name, "2"),
        ["pushed with the label of a public repository"] = scene => scene.Ada.PushAsync(scene.Name, "2", scene.Label),
        ["pushed with a label that brings inheritance"] = async scene =>
        {
            await scene.SettingsAsync("""{"inherit_access_on_link":true}""");
            await scene.Ada.PushAsync(scene.Name, "2", scene.Label);
        },
        ["pushed by a workflow of a public repository"] = async scene =>
        {
            await scene.DoAsync("PUT", $"/access/actions/{scene.App}", """{"role":"admin"}""");
            await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Name, "2");
        },
        ["linked"] = scene => scene.LinkAsync(inherit: false),
        ["linked and inheriting"] = scene => scene.LinkAsync(inherit: true),
        ["made once more, linked and inheriting"] = scene =>
            scene.DoAsync("PUT", "", $$"""{"repository":"{{scene.App}}","inherit_access":true}"""),
        ["inheritance switched on and off"] = async scene =>
        {
            await scene.LinkAsync(inherit: true);
            await scene.DoAsync("PATCH", "", """{"inherit_access":false}""");
        },
        ["linked and unlinked"] = async scene =>
        {
            await scene.LinkAsync(inherit: true);
            await scene.DoAsync("PATCH", "", """{"repository":null}""");
        },
        ["linked to another repository"] = async scene =>
        {
            var tools = await scene.Ada.RepositoryAsync(scene.Acme, "tools", "private");
            await scene.DoAsync("PATCH", "", $$"""{"repository":"{{tools}}","inherit_access":true}""");
            await scene.LinkAsync(inherit: true);
        },
        ["its repository made private and public again"] = async scene =>
        {
            await scene.LinkAsync(inherit: true);
            await scene.RepositoryAsync("private");
            await scene.RepositoryAsync("public");
        },
        ["its repository deleted"] = async scene =>
        {
            await scene.LinkAsync(inherit: true);
            await scene.Ada.DoAsync("DELETE", $"/repos/{scene.App}");
        },
        ["its repository transferred"] = async scene =>
        {
            await scene.LinkAsync(inherit: true);
            await scene.Ada.DoAsync("POST", $"/repos/{scene.App}/transfer", $$"""{"new_owner":"{{scene.Ada.Login}}"}""");
        },
        ["deleted and restored"] = async scene =>
        {
            await scene.LinkAsync(inherit: true);
            await scene.DoAsync("DELETE", "");
            await scene.RepositoryAsync("private");
            await scene.RepositoryAsync("public");
            await scene.DoAsync("POST", "/restore");
        },
        ["deleted with its repository and restored"] = async scene =>
        {
            await scene.LinkAsync(inherit: true);
            await scene.DoAsync("DELETE", "");
            await scene.Ada.DoAsync("DELETE", $"/repos/{scene.App}");
            await scene.DoAsync("POST", "/restore");
        },
        ["a version of it deleted and restored"] = async scene =>
        {
            await scene.Ada.PushAsync(scene.Name, "2", "\"n\":\"2\"");
            var id = (await scene.Ada.GetAsync(scene.Package + "/versions")).Json[1].GetProperty("id").GetInt64();
            await scene.DoAsync("DELETE", $"/versions/{id}");
            await scene.DoAsync("POST", $"/versions/{id}/restore");
        },
        ["public packages forbidden and allowed again"] = async scene =>
        {
            await scene.SettingsAsync("""{"allowed_visibilities":["private","internal"]}""");
            await scene.SettingsAsync("""{"allowed_visibilities":["private","internal","public"],"first_publish_visibility":"repository"}""");
            await scene.Ada.PushAsync(scene.Name, "2");
        },
        ["opened by somebody who may only write"] = scene => scene.TryToOpenAsync("write", HttpStatusCode.Forbidden),
        ["opened by an admin whom the organization does not let"] = async scene =>
        {
            await scene.SettingsAsync("""{"members_can_create_public_packages":false}""");
            await scene.TryToOpenAsync("admin", HttpStatusCode.UnprocessableEntity);
        },
        ["opened by an owner where public packages are forbidden"] = async scene =>
        {
            await scene.SettingsAsync("""{"allowed_visibilities":["private","internal"]}""");
            Assert.Equal(
                HttpStatusCode.UnprocessableEntity,
                (await scene.Ada.SendAsync("PATCH", scene.Package, """{"visibility":"public"}""")).Status);
        },
        ["opened by a workflow that administers it"] = async scene =>
        {
            await scene.DoAsync("PUT", $"/access/actions/{scene.App}", """{"role":"admin"}""");
            Assert.Equal(
                HttpStatusCode.Forbidden,
                (await (await scene.Ada.WorkflowAsync(scene.App)).SendAsync("PATCH", scene.Package, """{"visibility":"public"}""")).Status);
        },
        ["given to people, workflows and codespaces"] = async scene =>
        {
            var bob = await scene.Ada.Server.UserAsync("bob");
            await scene.DoAsync("PUT", $"/access/users/{bob.Login}", """{"role":"admin"}""");
            await scene.DoAsync("PUT", $"/access/actions/{scene.App}", """{"role":"read"}""");
            await scene.DoAsync("PUT", $"/access/codespaces/{scene.App}");
        },
    };

    /// <summary>
    /// The ways to create a package, and its visibility. A workflow's first push follows its repository, and every other way opens it only
    /// on request.
    /// </summary>
    private static readonly Dictionary<string, (Func<Scene, Task> Make, string Visibility)> Births = new(StringComparer.Ordinal)
    {
        ["an owner's push"] = (scene => scene.Ada.PushAsync(scene.Fresh), "private"),
        ["an owner's push with the label of a public repository"] = (
            scene => scene.Ada.PushAsync(scene.Fresh, "1", scene.Label), "private"),
        ["an owner's push with a label that brings inheritance"] = (
            async scene =>
            {
                await scene.SettingsAsync("""{"inherit_access_on_link":true}""");
                await scene.Ada.PushAsync(scene.Fresh, "1", scene.Label);
            },
            "private"),
        ["a push below the name of a public repository"] = (
            scene => scene.Ada.PushAsync(scene.App + "/fresh", "1", scene.Label), "private"),
        ["made without a word on visibility"] = (
            scene => scene.Ada.DoAsync("PUT", scene.FreshPackage, $$"""{"repository":"{{scene.App}}","inherit_access":true}"""), "private"),
        ["made public by an owner"] = (
            scene => scene.Ada.DoAsync("PUT", scene.FreshPackage, """{"visibility":"public"}"""), "public"),
        ["made, then pushed by a workflow of a public repository"] = (
            async scene =>
            {
                await scene.Ada.DoAsync("PUT", scene.FreshPackage, "{}");
                await scene.Ada.DoAsync("PUT", $"{scene.FreshPackage}/access/actions/{scene.App}", """{"role":"write"}""");
                await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Fresh);
            },
            "private"),
        ["a workflow of a public repository"] = (
            async scene => await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Fresh), "public"),
        ["a workflow of a private repository that is made public afterwards"] = (
            async scene =>
            {
                await scene.RepositoryAsync("private");
                await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Fresh);
                await scene.RepositoryAsync("public");
            },
            "private"),
        ["a workflow of a public repository that is made private afterwards"] = (
            async scene =>
            {
                await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Fresh);
                await scene.RepositoryAsync("private");
            },
            "private"),
        ["a workflow where public packages are forbidden"] = (
            async scene =>
            {
                await scene.SettingsAsync("""{"allowed_visibilities":["private","internal"]}""");
                await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Fresh);
            },
            "private"),
        ["a workflow where first pushes are private"] = (
            async scene =>
            {
                await scene.SettingsAsync("""{"first_publish_visibility":"private"}""");
                await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Fresh);
            },
            "private"),
        ["an owner's push to the name of a public package that was deleted"] = (
            async scene =>
            {
                await scene.Ada.DoAsync("PUT", scene.FreshPackage, """{"visibility":"public"}""");
                await scene.Ada.DoAsync("DELETE", scene.FreshPackage);
                await scene.Ada.PushAsync(scene.Fresh);
            },
            "private"),
        ["a public package that is restored where public ones are forbidden since"] = (
            async scene =>
            {
                await scene.Ada.DoAsync("PUT", scene.FreshPackage, """{"visibility":"public"}""");
                await scene.Ada.PushAsync(scene.Fresh);
                await scene.Ada.DoAsync("DELETE", scene.FreshPackage);
                await scene.SettingsAsync("""{"allowed_visibilities":["private","internal"]}""");
                await scene.Ada.DoAsync("POST", scene.FreshPackage + "/restore");
            },
            "private"),
        ["an inheriting public package whose repository was made private while it was deleted"] = (
            async scene =>
            {
                await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Fresh);
                await scene.Ada.DoAsync("DELETE", scene.FreshPackage);
                await scene.RepositoryAsync("private");
                await scene.Ada.DoAsync("POST", scene.FreshPackage + "/restore");
            },
            "private"),
    };

    public static TheoryData<string> HappeningNames => [.. Happenings.Keys];

    public static TheoryData<string> BirthNames => [.. Births.Keys];

    [Theory]
    [MemberData(nameof(HappeningNames))]
    public async Task Nothing_that_happens_to_a_private_package_opens_it(string happening)
    {
        var scene = await SceneAsync();
        await Happenings[happening](scene);
        await IsAsync(scene, scene.Name, scene.Package, "private");
    }

    [Theory]
    [MemberData(nameof(HappeningNames))]
    public async Task Nothing_that_happens_to_an_internal_package_opens_it(string happening)
    {
        var scene = await SceneAsync();
        await scene.DoAsync("PATCH", "", """{"visibility":"internal"}""");
        await Happenings[happening](scene);
        var now = (await scene.Ada.GetAsync(scene.Package))["visibility"].GetString();
        Assert.True(now is "internal" or "private", now);
        await IsAsync(scene, scene.Name, scene.Package, now!);
    }

    [Theory]
    [MemberData(nameof(BirthNames))]
    public async Task A_package_is_born_as_open_as_somebody_said(string birth)
    {
        var scene = await SceneAsync();
        await Births[birth].Make(scene);
        var below = (await scene.Ada.GetAsync(scene.FreshPackage)).Status == HttpStatusCode.NotFound;
        await IsAsync(
            scene, below ? scene.App + "/fresh" : scene.Fresh,
            below ? $"/orgs/{scene.Acme}/packages/container/app%2Ffresh" : scene.FreshPackage, Births[birth].Visibility);
    }

    /// <summary>A new, public package shows nothing of the old package with the same name.</summary>
    [Fact]
    public async Task A_public_package_of_a_private_ones_name_shows_nothing_of_it()
    {
        var scene = await SceneAsync();
        var digest = await scene.Ada.PushAsync(scene.Name, "secret", "\"of\":\"the old one\"");
        await scene.DoAsync("DELETE", "");
        await (await scene.Ada.WorkflowAsync(scene.App)).PushAsync(scene.Name, "1");
        Assert.Equal(HttpStatusCode.OK, await scene.Ada.Server.Nobody().PullAnonymouslyAsync(scene.Name, "1"));
        Assert.Equal(HttpStatusCode.NotFound, await scene.Ada.Server.Nobody().PullAnonymouslyAsync(scene.Name, digest));
        Assert.Equal(HttpStatusCode.NotFound, await scene.Ada.Server.Nobody().PullAnonymouslyAsync(scene.Name, "secret"));
    }

    /// <summary>Checks the visibility in the API, and whether anonymous callers and strangers can see it. All three must agree.</summary>
    private static async Task IsAsync(Scene scene, string name, string package, string visibility)
    {
        var shown = await scene.Ada.DoAsync("GET", package);
        Assert.Equal(visibility, shown["visibility"].GetString());
        var stranger = await scene.Ada.Server.UserAsync("mallory");
        var open = visibility == "public";
        Assert.Equal(open ? HttpStatusCode.OK : HttpStatusCode.NotFound, (await stranger.GetAsync(package)).Status);
        Assert.Equal(open ? HttpStatusCode.OK : HttpStatusCode.NotFound, (await scene.Ada.Server.Nobody().GetAsync(package)).Status);
        var versions = (await scene.Ada.GetAsync(package + "/versions")).Json;
        foreach (var version in versions.EnumerateArray())
        {
            var digest = version.GetProperty("name").GetString()!;
            Assert.Equal(HttpStatusCode.OK, await scene.Ada.PullAsync(name, digest));
            Assert.Equal(
                open ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, await scene.Ada.Server.Nobody().PullAnonymouslyAsync(name, digest));
        }
    }

    private async Task<Scene> SceneAsync()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var app = await ada.RepositoryAsync(acme, "app", "public");
        await ada.PushAsync($"{acme}/web");
        return new Scene(ada, acme, app);
    }

    /// <summary>An owner, an organization with a public repository, and a private package.</summary>
    private sealed record Scene(Person Ada, string Acme, string App)
    {
        public string Name => $"{Acme}/web";

        public string Package => $"/orgs/{Acme}/packages/container/web";

        /// <summary>A package that does not exist yet.</summary>
        public string Fresh => $"{Acme}/fresh";

        public string FreshPackage => $"/orgs/{Acme}/packages/container/fresh";

        public string Label => $"\"org.opencontainers.image.source\":\"{Ada.Server.Url}{App}\"";

        public Task<Reply> DoAsync(string method, string path, string? json = null) => Ada.DoAsync(method, Package + path, json);

        public Task<Reply> SettingsAsync(string json) => Ada.DoAsync("PATCH", $"/orgs/{Acme}/settings/packages", json);

        public Task<Reply> RepositoryAsync(string visibility) =>
            Ada.DoAsync("PATCH", $"/repos/{App}", $$"""{"visibility":"{{visibility}}"}""");

        public Task<Reply> LinkAsync(bool inherit) =>
            DoAsync("PATCH", "", $$"""{"repository":"{{App}}","inherit_access":{{(inherit ? "true" : "false")}}}""");

        public async Task TryToOpenAsync(string role, HttpStatusCode refusal)
        {
            var bob = await Ada.Server.UserAsync("bob");
            await Ada.DoAsync("PUT", $"/orgs/{Acme}/memberships/{bob.Login}", """{"role":"member"}""");
            await DoAsync("PUT", $"/access/users/{bob.Login}", $$"""{"role":"{{role}}"}""");
            Assert.Equal(refusal, (await bob.SendAsync("PATCH", Package, """{"visibility":"public"}""")).Status);
        }
    }
}
