using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// <c>customizations.codespaces.repositories</c>, started with the real engine. An image of another repository is fetched when the user has
/// allowed it, and otherwise refused with the true reason.
/// </summary>
public sealed class PermissionTests(SharedServer shared)
{
    [Fact]
    public async Task An_image_of_a_listed_repository_starts_when_its_user_has_allowed_it()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var (app, lib) = await RepositoriesAsync(world);

        // The request to create it is answered with a question, in GitHub's form, and creates nothing.
        using var asked = await world.Api.PostAsJsonAsync($"/api/v3/repos/{app}/codespaces", new { }, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        var question = await asked.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Contains(
            $"{app} asks to let its codespaces read the packages of {lib}", question.GetProperty("message").GetString(),
            StringComparison.Ordinal);
        var page = await world.Api.GetStringAsync(new Uri(question.GetProperty("allow_permissions_url").GetString()!), Token);
        Assert.Contains($"berth codespace permissions allow {app}", page, StringComparison.Ordinal);
        Assert.Equal(
            0, (await world.Api.GetFromJsonAsync<JsonElement>("/api/v3/user/codespaces", Token)).GetProperty("total_count").GetInt32());
        var check = await CheckAsync(world, app);
        Assert.False(check.GetProperty("accepted").GetBoolean());
        Assert.Equal(lib, check.GetProperty("permissions")[0].GetProperty("repository").GetString());
        Assert.Contains("hidden is not given", check.GetProperty("remarks")[0].GetString(), StringComparison.Ordinal);

        var before = await PreflightAsync(world, app);
        Assert.False(before.GetProperty("ok").GetBoolean());
        Assert.Contains(
            $"berth codespace permissions allow {app}", before.GetProperty("references").GetRawText(), StringComparison.Ordinal);
        Assert.Contains(
            $"packages of {lib} are asked for and not given", before.GetProperty("remarks").GetRawText(), StringComparison.Ordinal);

        await AllowAsync(world, app, lib);
        Assert.True((await CheckAsync(world, app)).GetProperty("accepted").GetBoolean());
        var after = await PreflightAsync(world, app);
        Assert.True(after.GetProperty("ok").GetBoolean(), after.GetRawText());
        var started = (await world.CreateAsync(app))
            .Is("Available")
            .Says($"may read packages of {lib}, as {world.Ada.Login} allows it", "hidden is not given");

        // Once the permission is taken back, the next start is refused and says what would help.
        (await world.StopAsync(started.Name)).Is("Shutdown");
        await AllowAsync(world, app);
        var refused = (await world.StartAsync(started.Name)).Is("Failed");
        Assert.Contains(
            $"{app} asks to read the packages of {lib}, and the codespace's creator has not allowed it", refused.Failure,
            StringComparison.Ordinal);
        Assert.Contains($"berth codespace permissions allow {app}", refused.Failure, StringComparison.Ordinal);
        await AllowAsync(world, app, lib);
        (await world.StartAsync(started.Name)).Is("Available");
    }

    [Fact]
    public async Task Who_goes_without_what_is_asked_for_is_refused_the_image()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var (app, lib) = await RepositoriesAsync(world);
        await AllowAsync(world, app, lib);
        var without = (await world.CreateAsync(app, new { multi_repo_permissions_opt_out = true })).Is("Failed")
            .Says($"packages of {lib} are asked for and not given: it goes with default permissions");
        Assert.Contains(
            "is neither linked to it with inherited access nor on its Codespaces list", without.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_clients_show_what_is_asked_and_have_a_flag()
    {
        Requirement.Program("gh");
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var (app, lib) = await RepositoriesAsync(world);
        var berth = Berth(world);
        var refused = await berth.RefusedAsync("create", app);
        Assert.Contains($"asks to let its codespaces read the packages of {lib}", refused.Error, StringComparison.Ordinal);
        var shown = await berth.RunAsync("permissions", "show", app);
        Assert.Contains($"read the packages of {lib} (not allowed yet)", shown.Text, StringComparison.Ordinal);

        var created = (await berth.RunAsync("create", app, "--allow-permissions")).Line;
        world.Owns(created);
        (await world.SettledAsync(created)).Is("Available");
        Assert.Contains("you allow it", (await berth.RunAsync("permissions", "show", app)).Text, StringComparison.Ordinal);
        await berth.RunAsync("permissions", "revoke", app);
        Assert.Contains("not allowed yet", (await berth.RunAsync("permissions", "show", app)).Text, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Makes an app whose image belongs to another repository, a library that ada can read.</summary>
    private static async Task<(string App, string Lib)> RepositoriesAsync(CodespaceWorld world)
    {
        var image = await world.ImageAsync("dev");
        var lib = await world.RepositoryAsync("lib", ("README.md", "a library\n"));
        await world.PatchAsync(
            $"/api/v3/orgs/{world.Organization}/packages/container/dev", new { repository = lib, inherit_access = true });
        var asks = new Dictionary<string, object>
        {
            [lib] = new { permissions = new { packages = "read" } },
            [$"{world.Organization}/hidden"] = new { permissions = "read-all" },
        };
        var configuration = JsonSerializer.Serialize(new { image, customizations = new { codespaces = new { repositories = asks } } });
        return (await world.RepositoryAsync("app", (".devcontainer/devcontainer.json", configuration)), lib);
    }

    private static Task<JsonElement> CheckAsync(CodespaceWorld world, string repository) => world.Api.GetFromJsonAsync<JsonElement>(
        $"/api/v3/repos/{repository}/codespaces/permissions_check?ref=main&devcontainer_path=.devcontainer/devcontainer.json", Token);

    private static Task<JsonElement> PreflightAsync(CodespaceWorld world, string repository) =>
        Accounts.PostAsync(world.Api, $"/api/v3/repos/{repository}/codespaces/preflight", new { });

    private static async Task AllowAsync(CodespaceWorld world, string repository, params string[] repositories)
    {
        using var response = await world.Api.PutAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces/permissions", new { repositories }, Token);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private static Command Berth(CodespaceWorld world)
    {
        var berth = new Command("dotnet", TestSettings.ClientDll, "codespace");
        berth.Environment["BERTH_URL"] = world.Server.Url.GetLeftPart(UriPartial.Authority);
        berth.Environment["BERTH_TOKEN"] = world.Ada.Token;
        return berth;
    }
}
