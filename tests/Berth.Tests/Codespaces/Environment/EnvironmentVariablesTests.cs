using Berth.Server.Codespaces.Environment;
using Berth.Server.Http;

namespace Berth.Tests.Codespaces.Environment;

public sealed class EnvironmentVariablesTests
{
    [Fact]
    public void A_process_gets_what_GitHub_sets_and_every_secret()
    {
        var variables = Of(new() { ["API_KEY"] = "v", ["LINES"] = "a\nb" }).Variables;
        foreach (var (name, value) in new[]
        {
            ("API_KEY", "v"), ("LINES", "a\nb"), ("CODESPACES", "true"), ("CODESPACE_NAME", "ada-app-1"), ("GITHUB_TOKEN", "the-token"),
            ("GITHUB_USER", "ada"),
            ("GITHUB_REPOSITORY", "acme/app"), ("GITHUB_SERVER_URL", "https://berth.example.com"),
            ("GITHUB_API_URL", "https://berth.example.com/api/v3"),
            ("GITHUB_GRAPHQL_URL", "https://berth.example.com/api/graphql"),
            ("BERTH_URL", "https://berth.example.com"), ("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "ports.example.net"),
        })
        {
            Assert.Equal(value, variables[name]);
        }

        // Such variables would win over a name and an address that a person gives git.
        Assert.DoesNotContain(variables.Keys, name => name.StartsWith("GIT_", StringComparison.Ordinal));

        // Of npm's files this is the only one that hides neither a project's own nor a person's.
        Assert.Equal(
            [("NPM_CONFIG_GLOBALCONFIG", "/run/berth/npmrc")],
            variables.Where(variable => variable.Key.Contains("NPM", StringComparison.OrdinalIgnoreCase))
                .Select(variable => (variable.Key, variable.Value)));
    }

    [Theory]
    [InlineData("PATH", "x", "to start and to find their files")]
    [InlineData("LD_PRELOAD", "x", "to start and to find their files")]
    [InlineData("GITHUB_TOKEN", "x", "Berth sets")]
    [InlineData("GITHUB_ANYTHING", "x", "Berth sets")]
    [InlineData("CODESPACE_NAME", "x", "Berth sets")]
    [InlineData("DOCKER_CONFIG", "x", "Berth sets")]
    [InlineData("NUL", "a\0b", "NUL")]
    public void A_secret_that_would_break_processes_is_not_exported_and_named(string name, string value, string reason)
    {
        var inside = Of(new() { [name] = value, ["OTHER"] = "y" });
        Assert.NotEqual(value, inside.Variables.GetValueOrDefault(name));
        Assert.Equal("y", inside.Variables["OTHER"]);
        var line = Assert.Single(inside.Report);
        Assert.StartsWith($"the secret {name} is not exported", line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_persons_own_token_and_name_win()
    {
        var variables = Of(new() { ["BERTH_TOKEN"] = "mine", ["GIT_COMMITTER_NAME"] = "Countess" }).Variables;
        Assert.Equal(
            ("mine", "Countess", "the-token"), (variables["BERTH_TOKEN"], variables["GIT_COMMITTER_NAME"], variables["GITHUB_TOKEN"]));
    }

    [Fact]
    public void More_than_Linux_takes_is_left_out()
    {
        var inside = Of(Enumerable.Range(0, 30).ToDictionary(i => $"BIG_{i:00}", _ => new string('x', 48 * 1024)));
        Assert.InRange(inside.Variables.Count(variable => variable.Key.StartsWith("BIG_", StringComparison.Ordinal)), 20, 22);
        Assert.Contains(inside.Report, line => line.Contains("1 MiB", StringComparison.Ordinal));
    }

    [Fact]
    public void The_secrets_of_registries_stay_out_where_the_organization_says_so()
    {
        var inside = Of(
            new() { ["A_CONTAINER_REGISTRY_PASSWORD"] = "p", ["A_CONTAINER_REGISTRY_USER"] = "u", ["API_KEY"] = "v" },
            exportRegistries: false);
        Assert.DoesNotContain(
            inside.Variables,
            variable => variable.Key.Contains("REGISTRY_", StringComparison.Ordinal)
                && variable.Key.StartsWith("A_", StringComparison.Ordinal));
        Assert.Equal("v", inside.Variables["API_KEY"]);
        Assert.StartsWith("2 secrets of registries", Assert.Single(inside.Report), StringComparison.Ordinal);
    }

    private static EnvironmentVariables Of(Dictionary<string, string> secrets, bool exportRegistries = true) => EnvironmentVariables.Of(
        "ada-app-1", "acme/app", "ada", "the-token", secrets, exportRegistries,
        new AddressOptions { Url = "https://berth.example.com", PortsDomain = "ports.example.net" }, new OutgoingOptions());
}
