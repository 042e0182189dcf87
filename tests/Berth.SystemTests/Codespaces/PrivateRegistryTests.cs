using System.Net.Http.Json;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// Codespaces on images of other registries, through three secrets with one prefix, and what a person is told when the login fails.
/// </summary>
public sealed class PrivateRegistryTests(PrivateRegistries registries) : IClassFixture<PrivateRegistries>
{
    [Theory]
    [InlineData("htpasswd", "user")]
    [InlineData("htpasswd", "repository")]
    [InlineData("htpasswd", "organization")]
    [InlineData("berth", "user")]
    [InlineData("berth", "repository")]
    [InlineData("berth", "organization")]
    public async Task Three_secrets_at_any_level_are_enough(string registry, string level)
    {
        var image = await registries.ImageAsync(registry);
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await RepositoryAsync(world, image);
        var login = registries.LoginOf(registry);
        await PrivateRegistries.StoreAsync(world, level, repository, login);
        var started = (await world.CreateAsync(repository)).Is("Available").Says($"using TEAM at {level} level", $"allows {image}");
        Assert.DoesNotContain(login.Password, started.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_without_a_configuration_starts_on_the_default_image()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await world.RepositoryAsync("plain", ("README.md", "no configuration\n"));
        (await world.CreateAsync(repository)).Is("Failed").Says($"this server's default, {registries.DefaultImage}");
        await PrivateRegistries.StoreAsync(world, "repository", repository, registries.LoginOf("htpasswd"));
        var started = (await world.CreateAsync(repository)).Is("Available").Says($"allows {registries.DefaultImage}");
        Assert.Equal("/workspaces/plain\nno configuration\n", (await world.ExecAsync(started.Name, "pwd; cat README.md")).Output);
    }

    [Fact]
    public async Task What_initializeCommand_makes_is_there_for_compose_files_and_Dockerfiles()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await world.RepositoryAsync(
            "made",
            (".devcontainer/devcontainer.json", """
                { "dockerComposeFile": ["compose.yml", "compose.override.yml"], "service": "app", "workspaceFolder": "/workspaces/made",
                  "initializeCommand": ["sh", ".devcontainer/init", "${localWorkspaceFolder}"] }
                """),
            (".devcontainer/init", """
                set -e
                cd "$1/.devcontainer"
                echo "FROM_INIT=yes" > .env.local
                printf 'services:\n  app:\n    environment: { OVERRIDE: "1" }\n' > compose.override.yml
                echo generated > generated
                """),
            (".devcontainer/compose.yml", """
                services:
                  app: { build: ., env_file: .env.local, command: sleep 100000, volumes: ["..:/workspaces/made"] }
                """),
            (".devcontainer/Dockerfile", $"FROM {registries.DefaultImage}\nCOPY generated /generated\n"));
        await PrivateRegistries.StoreAsync(world, "repository", repository, registries.LoginOf("htpasswd"));
        var started = (await world.CreateAsync(repository)).Is("Available").Says("Running initializeCommand... succeeded");
        Assert.Equal("yes 1\ngenerated\n", (await world.ExecAsync(started.Name, "echo $FROM_INIT $OVERRIDE; cat /generated")).Output);
        Assert.Single(await world.ContainersAsync(started.Name));
        await world.DeleteAsync(started.Name);
    }

    [Theory]
    [InlineData("user", "organization")]
    [InlineData("organization", "repository")]
    public async Task A_Dockerfile_and_a_feature_get_theirs_from_two_registries(string first, string second)
    {
        var image = await registries.ImageAsync("htpasswd");
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var feature = await registries.FeatureAsync("hello-" + first);
        var repository = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer/devcontainer.json",
                $$"""{ "build": { "dockerfile": "Dockerfile" }, "remoteUser": "dev", "features": { "{{feature}}": {} } }"""),
            (".devcontainer/Dockerfile", $"FROM {image}\nRUN echo built > /built\n"));
        await PrivateRegistries.StoreAsync(world, first, repository, registries.LoginOf("htpasswd"), prefix: "IMAGES");
        await PrivateRegistries.StoreAsync(world, second, repository, registries.LoginOf("berth"), prefix: "FEATURES");
        var started = (await world.CreateAsync(repository))
            .Is("Available")
            .Says($"using IMAGES at {first} level", $"using FEATURES at {second} level");
        Assert.Equal($"built\nhello-{first}\n", (await world.ExecAsync(started.Name, $"cat /built /hello-{first}")).Output);
        Assert.DoesNotContain(HtpasswdRegistry.Password, started.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(registries.Bob.Token, started.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compose_files_services_get_theirs_from_two_registries()
    {
        var (first, second) = (await registries.ImageAsync("htpasswd"), await registries.ImageAsync("berth"));
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await world.RepositoryAsync(
            "app",
            (
                ".devcontainer/devcontainer.json",
                """{ "dockerComposeFile": "../compose.yml", "service": "app", "workspaceFolder": "/workspace", "remoteUser": "dev" }"""),
            (
                "compose.yml",
                $"services:\n  app:\n    image: \"{first}\"\n    command: sleep 100000\n    volumes: [\".:/workspace\"]\n  db:\n    "
                    + $"image: \"{second}\"\n    command: sleep 100000\n"));
        await PrivateRegistries.StoreAsync(world, "repository", repository, registries.LoginOf("htpasswd"), prefix: "FIRST");
        await PrivateRegistries.StoreAsync(world, "user", repository, registries.LoginOf("berth"), prefix: "SECOND");
        var started = (await world.CreateAsync(repository))
            .Is("Available")
            .Says("using FIRST at repository level", "using SECOND at user level");
        Assert.Equal(2, (await world.ContainersAsync(started.Name)).Length);
        Assert.DoesNotContain(HtpasswdRegistry.Password, started.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Dockerfile", "does not accept user name and password")]
    [InlineData("feature", "does not accept user name and password")]
    [InlineData("compose", "does not accept user name and password")]
    public async Task A_wrong_password_is_named_in_every_form(string form, string words)
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var own = await world.ImageAsync("dev");
        var repository = form == "feature"
            ? await world.RepositoryAsync(
                "app",
                (
                    ".devcontainer/devcontainer.json",
                    $$"""{ "image": "{{own}}", "remoteUser": "dev", "features": { "{{await registries.FeatureAsync("other")}}": {} } }"""))
            : form == "compose" ? await world.RepositoryAsync(
                "app",
                (
                    ".devcontainer/devcontainer.json",
                    """{ "dockerComposeFile": "compose.yml", "service": "app", "workspaceFolder": "/workspace" }"""),
                (
                    ".devcontainer/compose.yml",
                    $"services:\n  app: {{ image: \"{own}\", command: sleep 100000, volumes: [\"..:/workspace\"] }}\n  db: {{ image: "
                        + $"\"{await registries.ImageAsync("htpasswd")}\" }}\n"))
            : await world.RepositoryAsync(
                "app", (".devcontainer/devcontainer.json", """{ "build": { "dockerfile": "Dockerfile" } }"""),
                (".devcontainer/Dockerfile", $"FROM {await registries.ImageAsync("htpasswd")}\n"));
        await world.GrantAsync("dev", repository);
        var (server, user, _) = registries.LoginOf(form == "feature" ? "berth" : "htpasswd");
        await PrivateRegistries.StoreAsync(world, "repository", repository, (server, user, "the-wrong-password"));
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(words, failed.Failure, StringComparison.Ordinal);
        Assert.Contains("TEAM at repository level", failed.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failed.Failure!);
        Assert.DoesNotContain("the-wrong-password", failed.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "wrong password", "htpasswd",
        "does not accept user name and password (401 UNAUTHORIZED: authentication required) (login: TEAM at user level)")]
    [InlineData("wrong password", "berth", "does not accept user name and password (401 UNAUTHORIZED")]
    [InlineData("no right", "berth", "accepts the login and gives it no right to")]
    [InlineData("missing image", "htpasswd", "has no tag 1 of acme/missing, or no such image (login: TEAM at user level)")]
    [InlineData("wrong platform", "htpasswd", "is there for linux/s390x, and not for linux/")]
    [InlineData("wrong platform", "berth", "is there for linux/s390x, and not for linux/")]
    [InlineData("unreachable", "htpasswd", "127.0.0.1:9 cannot be reached: Connection refused")]
    [InlineData("unknown host", "htpasswd", "the name registry.invalid cannot be found in DNS")]
    [InlineData(
        "incomplete", "htpasswd", "wants a login; the set TEAM at user level is incomplete: TEAM_CONTAINER_REGISTRY_PASSWORD missing")]
    [InlineData("nothing", "htpasswd", "wants a login. Remedy: store a login as three secrets with one prefix")]
    public async Task A_failure_says_its_true_cause_in_one_line(string fault, string registry, string words)
    {
        var image = fault switch
        {
            "wrong platform" => await registries.ImageAsync(registry, "s390x"),
            "missing image" => $"{registries.Htpasswd.Host}/acme/missing:1",
            "unreachable" => "127.0.0.1:9/acme/dev:1",
            "unknown host" => "registry.invalid/acme/dev:1",
            _ => await registries.ImageAsync(registry),
        };
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await RepositoryAsync(world, image);
        var (server, user, password) = registries.LoginOf(registry);
        (string?, string?, string?) login = fault switch
        {
            "wrong password" => (server, user, "the-wrong-password"),
            "no right" => (server, registries.Eve.Login, registries.Eve.Token),
            "incomplete" => (server, user, null),
            "nothing" => (null, null, null),
            _ => (server, user, password),
        };
        await PrivateRegistries.StoreAsync(world, "user", repository, login);
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(words, failed.Failure, StringComparison.Ordinal);
        Assert.Contains("Remedy: ", failed.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failed.Failure!);
        Assert.Contains("[failed] " + failed.Failure, failed.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(login.Item3 ?? "no password was stored", failed.Log, StringComparison.Ordinal);
        Assert.Empty(await world.ContainersAsync(failed.Name));
    }

    [Fact]
    public async Task A_set_that_is_not_assigned_to_the_repository_is_named_to_a_member()
    {
        var image = await registries.ImageAsync("htpasswd");
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await RepositoryAsync(world, image);
        await world.PutAsync($"/api/v3/orgs/{world.Organization}/memberships/{world.Ada.Login}", new { role = "member" });
        await PrivateRegistries.StoreAsync(world, "organization", repository, registries.LoginOf("htpasswd"), visibility: "selected");
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(
            "the set TEAM at organization level is complete but not assigned to this repository", failed.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failed.Failure!);
    }

    [Fact]
    public async Task Secrets_withheld_from_a_reader_are_said_to_be_withheld_and_not_named()
    {
        var image = await registries.ImageAsync("htpasswd");
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await RepositoryAsync(world, image);
        await PrivateRegistries.StoreAsync(world, "repository", repository, registries.LoginOf("htpasswd"));
        await world.PutAsync($"/api/v3/repos/{repository}/collaborators/{world.Ada.Login}", new { permission = "read" });
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(
            $"secrets of {repository} and its organization are withheld from {world.Ada.Login}, who cannot write to it", failed.Failure,
            StringComparison.Ordinal);
        Assert.DoesNotContain("TEAM", failed.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_login_is_named_and_a_public_image_is_pulled_all_the_same()
    {
        var image = await registries.ImageAsync("berth");
        using var bob = registries.Bob.Api();
        var package = image.Split('/')[^1].Split(':')[0];
        using var open = await bob.PatchAsJsonAsync(
            $"/api/v3/orgs/{registries.Organization}/packages/container/{package}", new { visibility = "public" },
            TestContext.Current.CancellationToken);
        Assert.True(open.IsSuccessStatusCode || await AllowPublicAsync(bob, package));
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await RepositoryAsync(world, image);
        await PrivateRegistries.StoreAsync(world, "user", repository, (registries.Other.Host, "bob", "an-old-token"));
        (await world.CreateAsync(repository))
            .Is("Available")
            .Says($"{registries.Other.Host} rejects TEAM at user level: ", "trying without a login");
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_named_and_gets_no_password()
    {
        await using var stranger = await HtpasswdRegistry.StartAsync();
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var repository = await RepositoryAsync(world, $"{stranger.Host}/acme/dev:1");
        await PrivateRegistries.StoreAsync(world, "user", repository, (stranger.Host, HtpasswdRegistry.User, HtpasswdRegistry.Password));
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(
            $"the certificate of {stranger.Host} is not trusted: nobody that this server trusts has signed it", failed.Failure,
            StringComparison.Ordinal);
        Assert.Contains("BERTH_CA_FILE", failed.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failed.Failure!);
    }

    [Fact]
    public async Task A_set_that_names_berth_itself_is_honoured_where_the_codespaces_token_is_refused()
    {
        await using var world = await CodespaceWorld.CreateAsync(registries.Server);
        var image = await world.ImageAsync("dev");
        var repository = await RepositoryAsync(world, image);
        (await world.CreateAsync(repository)).Is("Failed");
        await PrivateRegistries.StoreAsync(
            world, "repository", repository, (registries.Server.Url.ToString(), "admin", ServerProcess.AdminToken));
        (await world.CreateAsync(repository))
            .Is("Available")
            .Says("the codespace's token is refused, and TEAM at repository level names this registry");
    }

    private static Task<string> RepositoryAsync(CodespaceWorld world, string image) =>
        world.RepositoryAsync("app", (".devcontainer/devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));

    private async Task<bool> AllowPublicAsync(HttpClient bob, string package)
    {
        using var settings = await bob.PatchAsJsonAsync(
            $"/api/v3/orgs/{registries.Organization}/settings/packages",
            new { allowed_visibilities = new[] { "public", "internal", "private" } }, TestContext.Current.CancellationToken);
        using var open = await bob.PatchAsJsonAsync(
            $"/api/v3/orgs/{registries.Organization}/packages/container/{package}", new { visibility = "public" },
            TestContext.Current.CancellationToken);
        return open.IsSuccessStatusCode;
    }
}
