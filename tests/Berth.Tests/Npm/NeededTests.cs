using System.Net;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary>
/// Packages that others on the server depend on. Dependants are shown before a deletion, and the package stays unless somebody insists.
/// </summary>
public sealed class NeededTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Lib = "/user/packages/npm/lib";

    [Fact]
    public async Task A_version_that_another_package_needs_stays_unless_it_is_forced()
    {
        var ada = await WorldAsync();
        var one = await IdAsync(ada, "1.0.0");
        var refused = await ada.SendAsync("DELETE", $"{Lib}/versions/{one}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Contains(
            $"packages of this server depend on it: @{ada.Login}/app; deprecate it instead, or say ?force=true (berth: --force)",
            refused.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await TarballAsync(ada, "1.0.0"));

        // 2.0.0 is in no range, and a second 1.x would satisfy the range as well as the first.
        await ada.DoAsync("DELETE", $"{Lib}/versions/{await IdAsync(ada, "2.0.0")}");
        await ada.PublishAsync($"@{ada.Login}/lib", "1.0.1");
        await ada.DoAsync("DELETE", $"{Lib}/versions/{one}");
        var last = await IdAsync(ada, "1.0.1");
        await ada.PublishAsync($"@{ada.Login}/lib", "3.0.0");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.SendAsync("DELETE", $"{Lib}/versions/{last}?purge=true")).Status);
        await ada.DoAsync("DELETE", $"{Lib}/versions/{last}?force=true");
        Assert.Equal(HttpStatusCode.NotFound, await TarballAsync(ada, "1.0.1"));
    }

    [Fact]
    public async Task A_package_that_another_one_depends_on_stays_unless_it_is_forced()
    {
        var ada = await WorldAsync();
        foreach (var query in new[] { "", "?purge=true" })
        {
            var refused = await ada.SendAsync("DELETE", Lib + query);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.Contains($"@{ada.Login}/app", refused.Message, StringComparison.Ordinal);
        }

        await ada.DoAsync("DELETE", Lib + "?force=true");
        Assert.Equal(HttpStatusCode.NotFound, (await ada.CallAsync("GET", NpmRequests.Path($"@{ada.Login}/lib"))).Status);

        // A package whose dependency is gone can itself be deleted.
        await ada.DoAsync("DELETE", "/user/packages/npm/app");
    }

    [Fact]
    public async Task Unpublishing_names_the_command_that_removes_it_all_the_same()
    {
        var ada = await WorldAsync();
        var revision = (await ada.PackumentAsync($"@{ada.Login}/lib")).GetProperty("_rev").GetString();
        var refused = await ada.CallAsync("DELETE", $"{NpmRequests.Path($"@{ada.Login}/lib")}/-rev/{revision}");
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains($"berth package rm {ada.Login}/lib --type npm --force", refused.Error(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_says_who_depends_on_what_and_who_would_break()
    {
        var ada = await WorldAsync();
        await ada.PublishAsync($"@{ada.Login}/lib", "1.1.0", tag: "old");
        await ada.PublishAsync(
            $"@{ada.Login}/pinned", "4.0.0", extra: $$""","dependencies":{"mine":"npm:@{{ada.Login}}/lib@1.1.0"}""");
        var one = (await ada.DoAsync("GET", $"{Lib}/versions/{await IdAsync(ada, "1.0.0")}/dependants")).Json;
        Assert.Equal(
            $$"""[{"package":"@{{ada.Login}}/app","breaks":false,"versions":[{"name":"1.0.0","range":"^1.0.0"}]}]""",
            one.GetProperty("packages").GetRawText());
        var next = (await ada.DoAsync("GET", $"{Lib}/versions/{await IdAsync(ada, "1.1.0")}/dependants")).Json;
        Assert.Equal("[\"old\"]", next.GetProperty("tags").GetRawText());
        Assert.Equal(
            [($"@{ada.Login}/app", false), ($"@{ada.Login}/pinned", true)],
            next.GetProperty("packages").EnumerateArray()
                .Select(package => (package.GetProperty("package").GetString(), package.GetProperty("breaks").GetBoolean())));
        var all = (await ada.DoAsync("GET", $"{Lib}/dependants")).Json;
        Assert.Equal($"@{ada.Login}/lib", all.GetProperty("package").GetString());
        Assert.Equal(3, all.GetProperty("versions").GetInt32());
        Assert.Equal("[\"latest\",\"old\"]", all.GetProperty("tags").GetRawText());
        Assert.All(all.GetProperty("packages").EnumerateArray(), package => Assert.True(package.GetProperty("breaks").GetBoolean()));
    }

    [Fact]
    public async Task Packages_that_the_caller_may_not_read_are_a_number()
    {
        var ada = await WorldAsync();
        await ada.DoAsync("PATCH", Lib, """{"visibility":"public"}""");
        var bob = await shared.Server.UserAsync("bob");
        await bob.PublishAsync($"@{bob.Login}/secret", extra: $$""","peerDependencies":{"@{{ada.Login}}/lib":"1"}""");
        var preview = await ada.DoAsync("GET", $"{Lib}/dependants");
        Assert.Equal(1, preview["other_packages"].GetInt32());
        var refused = await ada.SendAsync("DELETE", Lib);
        Assert.Contains($"@{ada.Login}/app, 1 that you may not see", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", preview.Body + refused.Body, StringComparison.Ordinal);
        await ada.DoAsync("DELETE", "/user/packages/npm/app");
        var revision = (await ada.PackumentAsync($"@{ada.Login}/lib")).GetProperty("_rev").GetString();
        var unpublished = await ada.CallAsync("DELETE", $"{NpmRequests.Path($"@{ada.Login}/lib")}/-rev/{revision}");
        Assert.Equal(HttpStatusCode.Conflict, unpublished.Status);
        Assert.DoesNotContain("secret", unpublished.Body, StringComparison.Ordinal);
    }

    /// <summary>Two versions of a package, and another package that needs the first.</summary>
    private async Task<Person> WorldAsync()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PublishAsync($"@{ada.Login}/lib");
        await ada.PublishAsync($"@{ada.Login}/lib", "2.0.0");
        await ada.PublishAsync($"@{ada.Login}/app", extra: $$""","dependencies":{"@{{ada.Login}}/lib":"^1.0.0"}""");
        return ada;
    }

    private static async Task<HttpStatusCode> TarballAsync(Person person, string version) =>
        (await person.CallAsync("GET", $"/npm/@{person.Login}/lib/-/lib-{version}.tgz")).Status;

    private static async Task<long> IdAsync(Person person, string version) =>
        (await person.DoAsync("GET", $"{Lib}/versions")).Json.EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == version).GetProperty("id").GetInt64();
}
