using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Codespaces;

/// <summary>Features from a private package of Berth and from the repository itself, on the real engine.</summary>
public sealed class FeatureTests(SharedServer shared)
{
    [Fact]
    public async Task Private_and_local_features_are_installed_in_order_and_their_commands_run_before_the_repositorys()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var names = await world.PublishFeaturesAsync(
            ("hello", """
                { "id": "hello", "version": "1.2.3", "name": "Hello", "options": { "greeting": { "type": "string", "default": "hi" } }, "containerEnv": { "PATH": "/opt/hello:${PATH}" },
                  "postCreateCommand": "echo hello >> /tmp/commands", "capAdd": ["NET_ADMIN"], "dependsOn": { "NAME/base": {} } }
                """, """
                #!/bin/sh
                set -e
                test -e /opt/base
                mkdir -p /opt/hello
                echo "$GREETING $_REMOTE_USER $_REMOTE_USER_HOME $_CONTAINER_USER $(id -u)" > /opt/hello/said
                printf '#!/bin/sh\ncat /opt/hello/said\n' > /opt/hello/hello
                chmod 755 /opt/hello/hello
                """),
            (
                "base", """{ "id": "base", "version": "1.0.0", "name": "Base" }""",
                "#!/bin/sh\ntouch /opt/base 2>/dev/null || { mkdir -p /opt; touch /opt/base; }\n"));
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer/devcontainer.json", $$"""
                { "image": "{{image}}", "remoteUser": "dev", "postCreateCommand": "echo repository >> /tmp/commands",
                  "features": { "./own": { "text": "it's $HOME" }, "{{names}}/hello:1": { "greeting": "good day" } } }
                """),
            (
                ".devcontainer/own/devcontainer-feature.json",
                $$"""{ "id": "own", "version": "1.0.0", "installsAfter": ["{{names}}/hello"], "options": { "text": { "type": "string" } } }"""),
            (".devcontainer/own/install.sh", "#!/bin/sh\nhello > /own\necho \"$TEXT\" >> /own\n"));
        await world.GrantAsync("dev", repository);
        var refused = (await world.CreateAsync(repository)).Is("Failed").Says($"refuses the image {names}/hello:1");
        await world.GrantAsync("features%2Fhello", repository);
        await world.GrantAsync("features%2Fbase", repository);

        var started = (await world.StartAsync(refused.Name)).Is("Available")
            .Says($"installing {names}/base, {names}/hello:1, ./own", "asks for the capabilities NET_ADMIN, which it does not get");
        Assert.DoesNotContain("berthc_", started.Log, StringComparison.Ordinal);
        Assert.Equal(
            "good day dev /home/dev root 0\ngood day dev /home/dev root 0\nit's $HOME\nhello\nrepository\ndev\n",
            (await world.ExecAsync(started.Name, "hello; cat /own /tmp/commands; id -un; ls /tmp/berth-features/0 2>/dev/null")).Output);

        (await world.StopAsync(started.Name)).Is("Shutdown");
        (await world.StartAsync(started.Name)).Is("Available");
        await world.DeleteAsync(started.Name);
        Assert.Empty(await world.BuiltAsync(started.Name));
    }

    [Fact]
    public async Task Two_repositories_with_different_features_start_at_once_and_each_gets_its_own()
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var names = await Task.WhenAll(new[] { "one", "two" }.Select(async name =>
        {
            var repository = await world.RepositoryAsync(
                name, (".devcontainer/devcontainer.json", $$"""{"image":"{{image}}","features":{"./own":{} } }"""),
                (".devcontainer/own/devcontainer-feature.json", """{"id":"own"}"""),
                (".devcontainer/own/install.sh", $"#!/bin/sh\necho {name} > /own\n"));
            await world.GrantAsync("dev", repository);
            return await world.BeginAsync(repository);
        }));
        foreach (var (name, expected) in names.Zip(["one\n", "two\n"]))
        {
            (await world.SettledAsync(name)).Is("Available");
            Assert.Equal(expected, (await world.ExecAsync(name, "cat /own")).Output);
        }
    }

    [Theory]
    [InlineData("exit 4", "{\"id\":\"own\"}", "'./own'")]
    [InlineData("true", "{\"id\":", "devcontainer-feature.json is not valid JSON")]
    public async Task A_feature_that_fails_or_may_not_be_is_named(string script, string metadata, string reason)
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app", (".devcontainer/devcontainer.json", $$"""{"image":"{{image}}","features":{"./own":{} } }"""),
            (".devcontainer/own/devcontainer-feature.json", metadata), (".devcontainer/own/install.sh", "#!/bin/sh\n" + script + "\n"));
        await world.GrantAsync("dev", repository);
        var failed = (await world.CreateAsync(repository)).Is("Failed");
        Assert.Contains(reason.Trim('\''), failed.Failure, StringComparison.Ordinal);
    }
}
