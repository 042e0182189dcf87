using Berth.Tests.TestServer;

namespace Berth.Tests.Cli;

/// <summary>Push rules on the command line, from adding a rule to overriding it.</summary>
public sealed class PushRuleCommandTests(SharedServer shared)
{
    [Fact]
    public async Task Rules_are_added_listed_explained_overridden_and_removed()
    {
        var ada = await shared.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        await ada.DoAsync("POST", $"/orgs/{acme}/teams", """{"name":"release"}""");
        var app = await ada.RepositoryAsync(acme);
        var (_, first) = await ada.TryPushAsync($"{acme}/web", "v1", "first");
        var (_, second) = await ada.TryPushAsync($"{acme}/web", "latest", "second");
        using var cli = new CliRun(shared.Server, ada.Token);
        Assert.Contains(
            "are immutable; whoever may push", await cli.DoAsync($"package rules add {acme} v* --immutable"), StringComparison.Ordinal);
        var line = await cli.DoAsync(
            $"package rules add {acme}/web prod --role admin --team release --workflow {app} --ref refs/heads/main "
                + "--environment production");
        Assert.Contains(
            $"tags prod: role admin, team release, workflows of {app} on refs/heads/main in production", line, StringComparison.Ordinal);
        Assert.Contains("nobody", await cli.DoAsync($"package rules add {acme}/web frozen --nobody"), StringComparison.Ordinal);
        var listed = await cli.DoAsync($"package rules ls {acme}/web");
        Assert.Equal(
            ["owner", "package", "package"],
            listed.Split('\n')[1..^1].Select(row => row.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries)[1]));
        Assert.StartsWith("[", await cli.DoAsync($"package rules ls {acme} --json"), StringComparison.Ordinal);
        Assert.Contains(
            $"may not push {acme}/web:v1: the tag v1 is immutable",
            await cli.DoAsync($"package explain {acme}/web --action push --tag v1"), StringComparison.Ordinal);

        var refused = await cli.RunAsync("package", "tag", $"{acme}/web", "v1", second);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("--override REASON", refused.Error, StringComparison.Ordinal);
        await cli.RunAsync("package", "tag", $"{acme}/web", "v1", second, "--override", "wrong licence");
        Assert.NotEqual(0, (await cli.RunAsync("package", "untag", $"{acme}/web", "v1")).ExitCode);
        Assert.Equal(0, (await cli.RunAsync("package", "untag", $"{acme}/web", "v1", "--override", "withdrawn")).ExitCode);
        Assert.NotEqual(0, (await cli.RunAsync("package", "tag", $"{acme}/web", "v1", first)).ExitCode);
        Assert.Equal(2, (await cli.RunAsync("package", "rules", "add", $"{acme}/web", "x", "--ref", "refs/heads/main")).ExitCode);

        var id = (await ada.GetAsync($"/orgs/{acme}/settings/push-rules")).Json[0].GetProperty("id").GetInt64();
        Assert.NotEqual(0, (await cli.RunAsync("package", "rules", "rm", $"{acme}/web", $"{id}")).ExitCode);
        await cli.DoAsync($"package rules rm {acme} {id}");
        await cli.DoAsync($"package rm {acme}/web");
    }

    [Fact]
    public async Task A_version_comes_back_with_a_tag_that_a_rule_gives_to_others()
    {
        var ada = await shared.Server.UserAsync();
        var package = $"{ada.Login}/web";
        await ada.TryPushAsync(package, "prod", "first");
        await ada.TryPushAsync(package, "latest", "other");
        using var cli = new CliRun(shared.Server, ada.Token);
        await cli.DoAsync($"package rm {package} prod");
        await cli.DoAsync($"package rules add {package} prod --nobody");
        Assert.Contains("lets nobody", (await cli.RunAsync("package", "restore", package, "prod")).Error, StringComparison.Ordinal);
        await cli.DoAsync($"package restore {package} prod --override back");
        Assert.Contains("prod", await cli.DoAsync($"package versions {package}"), StringComparison.Ordinal);
    }
}
