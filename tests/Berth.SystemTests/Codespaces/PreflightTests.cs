using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// What a codespace would fetch, told without starting one, from Berth's own registry and from registries that want a login.
/// </summary>
public sealed class PreflightTests(PrivateRegistries registries) : IClassFixture<PrivateRegistries>
{
    [Fact]
    public async Task Every_image_is_told_with_its_login_and_what_it_is()
    {
        var first = await registries.ImageAsync("htpasswd");
        var second = await registries.ImageAsync("berth");
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var own = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", """{ "build": { "dockerfile": "Dockerfile" } }"""),
            (
                ".devcontainer/Dockerfile",
                $"FROM {first} AS tools\nFROM {second} AS more\nFROM {own}\nCOPY --from=tools /etc/passwd /tools\nCOPY --from=more "
                    + "/etc/passwd /more\n"));
        await PrivateRegistries.StoreAsync(world, "repository", repository, registries.LoginOf("htpasswd"));
        await world.GrantAsync("dev", repository);

        var report = await RunAsync(world, repository);
        var found = References(report);
        Assert.Equal([(first, "allowed", "TEAM at repository level"), (second, "login_required", "none"), (own, "allowed", "codespace")],
            found.Select(one => (Text(one, "reference"), Text(one, "outcome"), Text(one, "login"))));
        Assert.Equal([".devcontainer/Dockerfile:1 FROM", ".devcontainer/Dockerfile:2 FROM", ".devcontainer/Dockerfile:3 FROM"],
            found.Select(one => $"{Text(one, "file")}:{one.GetProperty("line").GetInt32()} {Text(one, "where")}"));
        Assert.Equal(("TEAM", "repository"), (Text(found[0], "prefix"), Text(found[0], "level")));
        Assert.All([found[0], found[2]], one =>
        {
            Assert.StartsWith("sha256:", Text(one, "digest"), StringComparison.Ordinal);
            Assert.Equal(
                [report.GetProperty("platform").GetString()],
                one.GetProperty("platforms").EnumerateArray().Select(platform => platform.GetString()));
            Assert.InRange(one.GetProperty("size").GetInt64(), 100_000, 100_000_000);
        });
        Assert.Contains("without a login", Text(found[1], "message"), StringComparison.Ordinal);
        Assert.Contains("Remedy: store a login as three secrets with one prefix", Text(found[1], "message"), StringComparison.Ordinal);
        Assert.StartsWith("allowed to the codespace's token: ", Text(found[2], "message"), StringComparison.Ordinal);
        Assert.False(report.GetProperty("ok").GetBoolean());
        Assert.DoesNotContain(HtpasswdRegistry.Password, report.GetRawText(), StringComparison.Ordinal);

        // Nothing was started, and nothing is left.
        Assert.Empty(
            await world.Api.GetFromJsonAsync<JsonElement>("/api/v3/user/codespaces", TestContext.Current.CancellationToken) is var list
                ? list.GetProperty("codespaces").EnumerateArray() : default);
        Assert.Empty(
            Directory.Exists(Path.Combine(world.Server.Data, "codespaces"))
                ? Directory.GetDirectories(Path.Combine(world.Server.Data, "codespaces"), "~preflight*")
                : []);
    }

    /// <summary>A tree of equal trees takes a few kilobytes in a repository, and becomes 160,000 files in a checkout.</summary>
    [Trait("Suite", "hostile")]
    [Fact]
    public async Task A_look_at_a_repository_of_endless_files_has_an_end()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", """{ "image": "r.test/a/b:1" }"""));
        var git = new Command("git", "-C", world.FolderOf("app"), "-c", "user.name=ada", "-c", "user.email=ada@example.com");
        var blob = (await git.RunWithInputAsync("x", "hash-object", "-w", "--stdin")).Line;
        var folder = (await git.RunWithInputAsync(
            string.Concat(Enumerable.Range(0, 400).Select(i => $"100644 blob {blob}\tf{i}\n")), "mktree")).Line;
        var all = (await git.RunWithInputAsync(
            string.Concat(Enumerable.Range(0, 400).Select(i => $"040000 tree {folder}\td{i}\n")), "mktree")).Line;
        var commit = (await git.RunAsync("commit-tree", all, "-m", "many")).Line;
        await git.RunAsync("update-ref", "refs/heads/main", commit);

        var report = await RunAsync(world, repository);
        Assert.False(report.GetProperty("ok").GetBoolean());
        Assert.Contains("has more than 131072 files", Text(report, "failure"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Path.Combine(world.Server.Data, "codespaces"), "~preflight*"));
        Assert.DoesNotContain(
            "~preflight", await File.ReadAllTextAsync("/proc/self/mountinfo", TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Berths_own_images_are_judged_for_the_repository_and_the_person_who_asks()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var image = await world.ImageAsync("dev");
        var (listed, other) = (await world.RepositoryAsync("listed", Image(image)), await world.RepositoryAsync("other", Image(image)));
        await world.GrantAsync("dev", listed);

        Assert.True((await RunAsync(world, listed)).GetProperty("ok").GetBoolean());
        var refused = Assert.Single(References(await RunAsync(world, other)));
        Assert.Equal("denied", Text(refused, "outcome"));
        Assert.Contains(
            $"berth package access grant {world.Organization}/dev --codespaces {other}", Text(refused, "message"),
            StringComparison.Ordinal);

        // The words are those of the start that the pre-flight saves.
        Assert.Equal(Text(refused, "message"), (await world.CreateAsync(other)).Is("Failed").Failure);
        var missing = await world.RepositoryAsync("missing", Image(image.Replace("/dev:1", "/dev:2", StringComparison.Ordinal)));
        await world.GrantAsync("dev", missing);
        Assert.Equal("not_found", Text(Assert.Single(References(await RunAsync(world, missing))), "outcome"));
    }

    [Fact]
    public async Task Features_are_told_with_those_that_they_need()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var image = await world.ImageAsync("dev");
        var names = await world.PublishFeaturesAsync(
            (
                "tool",
                """{ "id": "tool", "version": "1.2.3", "name": "Tool", "capAdd": ["NET_ADMIN"], "dependsOn": { "NAME/base": {} } }""",
                "true\n"),
            ("base", """{ "id": "base", "version": "1.0.0", "name": "Base" }""", "true\n"));
        var repository = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer/devcontainer.json",
                $"{{ \"image\": \"{image}\",\n  \"features\": {{\n    \"./own\": {{}},\n    \"{names}/tool:1\": {{}} }} }}"),
            (".devcontainer/own/devcontainer-feature.json", """{ "id": "own" }"""), (".devcontainer/own/install.sh", "true\n"));
        await world.GrantAsync("dev", repository);
        var refused = await RunAsync(world, repository);
        Assert.Equal(
            [(image, true), ("./own", true), ($"{names}/tool:1", false)],
            References(refused).Select(one => (Text(one, "reference"), one.GetProperty("ok").GetBoolean())));
        Assert.Equal(
            ".devcontainer/devcontainer.json:4",
            $"{Text(References(refused)[2], "file")}:{References(refused)[2].GetProperty("line").GetInt32()}");

        await world.GrantAsync("features%2Ftool", repository);
        var unread = await RunAsync(world, repository);
        Assert.All(References(unread), one => Assert.True(one.GetProperty("ok").GetBoolean()));
        Assert.Contains($"refuses the image {names}/base", Text(unread, "failure"), StringComparison.Ordinal);

        await world.GrantAsync("features%2Fbase", repository);
        var report = await RunAsync(world, repository);
        Assert.True(report.GetProperty("ok").GetBoolean());
        Assert.Equal(
            ("dependsOn", "feature", $"{names}/base"),
            (Text(References(report)[3], "where"), Text(References(report)[3], "kind"), Text(References(report)[3], "reference")));
        Assert.Contains("asks for the capabilities NET_ADMIN", report.GetProperty("remarks")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Services_of_compose_files_are_told_one_by_one()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var (own, other) = (await world.ImageAsync("dev"), await registries.ImageAsync("htpasswd"));
        var repository = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer/devcontainer.json",
                """{ "dockerComposeFile": "../compose.yml", "service": "app", "workspaceFolder": "/workspace" }"""),
            (
                "compose.yml",
                $"services:\n  app:\n    build: .\n    command: sleep 100000\n    volumes: [\".:/workspace\"]\n  db:\n    image: "
                    + $"\"{other}\"\n"),
            ("Dockerfile", $"# the base\nFROM {own}\n"));
        await world.GrantAsync("dev", repository);
        var found = References(await RunAsync(world, repository));
        Assert.Equal(
            [$"dockerfile Dockerfile:2 FROM {own} allowed", $"compose compose.yml:7 services.db.image {other} login_required"],
            found.Select(
                one =>
                    $"{Text(one, "kind")} {Text(one, "file")}:{one.GetProperty("line").GetInt32()} {Text(one, "where")} "
                        + $"{Text(one, "reference")} {Text(one, "outcome")}"));
        await PrivateRegistries.StoreAsync(world, "organization", repository, registries.LoginOf("htpasswd"));
        Assert.True((await RunAsync(world, repository)).GetProperty("ok").GetBoolean());
    }

    [Theory]
    [InlineData("wrong password", "wrong_password", "does not accept user name and password")]
    [InlineData("wrong platform", "wrong_platform", "is there for linux/s390x, and not for linux/")]
    [InlineData("missing image", "not_found", "has no tag 1 of acme/missing")]
    [InlineData("unreachable", "unreachable", "127.0.0.1:9 cannot be reached")]
    [InlineData("incomplete", "login_required", "the set TEAM at user level is incomplete: TEAM_CONTAINER_REGISTRY_PASSWORD missing")]
    public async Task What_would_fail_is_told_as_the_start_would_tell_it(string fault, string outcome, string words)
    {
        var image = fault switch
        {
            "wrong platform" => await registries.ImageAsync("htpasswd", "s390x"),
            "missing image" => $"{registries.Htpasswd.Host}/acme/missing:1",
            "unreachable" => "127.0.0.1:9/acme/dev:1",
            _ => await registries.ImageAsync("htpasswd"),
        };
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await world.RepositoryAsync("app", Image(image));
        var (server, user, password) = registries.LoginOf("htpasswd");
        await PrivateRegistries.StoreAsync(
            world, "user", repository,
            (server, user, fault switch { "wrong password" => "the-wrong-password", "incomplete" => null, _ => password }));
        var report = await RunAsync(world, repository);
        var found = Assert.Single(References(report));
        Assert.Equal((false, outcome), (report.GetProperty("ok").GetBoolean(), Text(found, "outcome")));
        Assert.Contains(words, Text(found, "message"), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', Text(found, "message")!);
        Assert.DoesNotContain(password, report.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("the-wrong-password", report.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-branch", null, "'no-such-branch' does not")]
    [InlineData(
        "main", ".devcontainer/none/devcontainer.json", "the repository has no .devcontainer/none/devcontainer.json on this branch")]
    public async Task What_cannot_be_read_is_said_in_one_line(string reference, string? path, string words)
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await world.RepositoryAsync("app", Image("ghcr.io/acme/dev:1"));
        var report = await RunAsync(world, repository, new { @ref = reference, devcontainer_path = path });
        Assert.False(report.GetProperty("ok").GetBoolean());
        Assert.Contains(words, Text(report, "failure"), StringComparison.Ordinal);
        Assert.Empty(References(report));
    }

    [Fact]
    public async Task Only_who_may_have_a_codespace_gets_one_tried()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await world.RepositoryAsync("app", Image("ghcr.io/acme/dev:1"));
        using var stranger = (await registries.Server.UserAsync("eve")).Api();
        using var hidden = await stranger.PostAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces/preflight", new { }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
        await world.PutAsync($"/api/v3/orgs/{world.Organization}/codespaces/access", new { visibility = "disabled" });
        using var disabled = await world.Api.PostAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces/preflight", new { }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, disabled.StatusCode);
    }

    private static (string, string) Image(string image) =>
        (".devcontainer/devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }""");

    private static async Task<JsonElement> RunAsync(CodespaceWorld world, string repository, object? body = null)
    {
        using var response = await world.Api.PostAsJsonAsync(
            $"/api/v3/repos/{repository}/codespaces/preflight", body ?? new { }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    private static List<JsonElement> References(JsonElement report) => [.. report.GetProperty("references").EnumerateArray()];

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
