using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Plans;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Expansion;

/// <summary>Small configurations, compose files and features that would grow without limit.</summary>
[Trait("Suite", "hostile")]
public sealed class ConfigurationGrowthTests : IDisposable
{
    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-growth-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Fact]
    public void Variables_of_a_compose_file_are_counted_as_they_are_replaced()
    {
        Write(".env", $"X={new string('x', 60_000)}\n");
        var lines = string.Concat(Enumerable.Range(0, 3000).Select(i => $"      V{i}: $X\n"));
        RefusedCompose($"services:\n  app:\n    image: r.test/a\n    environment:\n{lines}", "compose.yml line ", "characters");
    }

    [Fact]
    public void A_file_of_variables_that_is_named_many_times_is_read_a_few_times()
    {
        Write("big.env", $"X={new string('x', 200_000)}\n");
        RefusedCompose(
            $"services:\n  app:\n    image: r.test/a\n    env_file: [{string.Join(',', Enumerable.Repeat("big.env", 3000))}]\n", "big.env",
            $"more than {ExpansionBudget.MostRead} characters of files");
    }

    [Fact]
    public void A_text_that_aliases_repeat_is_counted_as_often()
    {
        var aliases = string.Join(',', Enumerable.Repeat("*x", 10_000));
        RefusedCompose(
            $"x-text: &x {new string('x', 50_000)}\nservices:\n  app:\n    image: r.test/a\n    command: [{aliases}]\n",
            "compose.yml line 5", "characters");
    }

    [Fact]
    public void Merged_mappings_are_counted_as_often_as_they_are_merged()
    {
        var map = string.Join(',', Enumerable.Range(0, 3000).Select(i => $"a{i}: b"));
        var aliases = string.Join(',', Enumerable.Repeat("*m", 3000));
        RefusedCompose(
            $"x-map: &m {{{map}}}\nx-all:\n  <<: [{aliases}]\nservices: {{app: {{image: r.test/a}}}}\n",
            "compose.yml line ", "values");
    }

    [Fact]
    public void What_services_extend_is_counted_as_often_as_it_is_copied()
    {
        var mounts = string.Join(',', Enumerable.Repeat("a", 10_000));
        var chain = string.Concat(Enumerable.Range(1, 7).Select(i => $"  s{i}: {{extends: s{i - 1}, volumes: [b]}}\n"));
        var many = string.Concat(Enumerable.Range(0, 2000).Select(i => $"  t{i}: {{extends: s7, volumes: [b]}}\n"));
        RefusedCompose(
            $"services:\n  app: {{image: r.test/a}}\n  s0: {{image: r.test/a, volumes: [{mounts}]}}\n{chain}{many}",
            "compose.yml line ", "extends");
    }

    [Fact]
    public void Mounts_are_counted()
    {
        var mounts = string.Concat(Enumerable.Range(0, 300).Select(i => $"      - ./a:/m{i}\n"));
        Write("a", "a");
        RefusedCompose($"services:\n  app:\n    image: r.test/a\n    volumes:\n{mounts}", "compose.yml line ", "more than 200 mounts");
    }

    [Fact]
    public void Variables_of_a_configuration_are_counted_as_they_are_replaced()
    {
        var text = string.Concat(Enumerable.Repeat("${localWorkspaceFolderBasename}", 20_000));
        Write(".devcontainer.json", $"{{\n\"image\":\"r.test/a\",\n\"name\":\"{text}\"}}");
        Refused(() => Plan(new string('n', 100)), ".devcontainer.json line 3", $"more than {ExpansionBudget.LongestText} characters");
    }

    [Fact]
    public void Variables_that_never_end_take_no_time()
    {
        var open = string.Concat(Enumerable.Repeat("${localEnv:A:", 60_000));
        Write(".devcontainer.json", $$"""{"image":"r.test/a","name":"{{open}}"}""");
        Refused(() => Plan("app"), ".devcontainer.json line 1", "characters");
        Write(".devcontainer.json", """{"image":"r.test/a","customizations":"${localEnv:A:${localEnv:B:c}}"}""");
        Assert.Equal("${localEnv:B:c}", (string?)Plan("app").Configuration.Entry["customizations"]);
    }

    [Fact]
    public void Features_of_a_configuration_are_counted()
    {
        var features = string.Join(',', Enumerable.Range(0, 30_000).Select(i => $"\"r.test/f/{i}\":{{}}"));
        Write(".devcontainer.json", $$"""{"image":"r.test/a","features":{ {{features}} } }""");
        Refused(() => Plan("app"), ".devcontainer.json line 1", "more than 200 features");
    }

    [Fact]
    public async Task A_feature_that_depends_on_itself_in_many_spellings_is_read_once()
    {
        var spellings = Enumerable.Range(0, 6000).Select(
            i => $"\".{string.Concat(Enumerable.Repeat("/.", i % 60))}/{new string('/', i / 60)}\":{{}}");
        WriteFeature("a", $$""" "dependsOn":{ {{string.Join(',', spellings)}} },"description":"{{new string('x', 200_000)}}" """);
        Assert.Contains("more than 200 names of features", await RefusedFeaturesAsync(Budgets.New()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_of_features_are_counted_as_the_engine_replaces_them()
    {
        var chain = string.Join(',', Enumerable.Range(1, 40).Select(i => $"\"A{i}\":\"$A{i - 1}$A{i - 1}$A{i - 1}\""));
        WriteFeature("a", $$""" "containerEnv":{"A0":"0123456789",{{chain}} } """);
        Assert.Contains("characters", await RefusedFeaturesAsync(Budgets.New()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feature_with_options_without_end_is_refused()
    {
        var options = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"o{i}\":\"0123456789\""));
        WriteFeature("a", "");
        Write(".devcontainer.json", $$"""{"image":"r.test/a","features":{"./.devcontainer/a":{ {{options}} } } }""");
        Assert.Contains("characters", await RefusedFeaturesAsync(Budgets.New()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_waits_for_what_was_given_up()
    {
        WriteFeature("a", "");
        Write("Dockerfile", "ARG A=1\nFROM r.test/a:$A");
        var plan = Plan("app");
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        Assert.ThrowsAny<OperationCanceledException>(
            () => DevcontainerPlan.Read(new Checkout(_checkout, new ExpansionBudget(given.Token)), null, "app"));
        var file = DevcontainerFile.Read(Budgets.Checkout(_checkout), null);
        file = file with { Checkout = new Checkout(_checkout, new ExpansionBudget(given.Token)) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new FetchFeatures(null!, null!, null!).RunAsync(file, plan.Configuration, null!, TestContext.Current.CancellationToken));
    }

    private async Task<string> RefusedFeaturesAsync(ExpansionBudget budget)
    {
        var plan = DevcontainerPlan.Read(new Checkout(_checkout, budget), null, "app");
        var fault = await Assert.ThrowsAnyAsync<FaultException>(
            () => new FetchFeatures(null!, null!, null!)
                .RunAsync(plan.File, plan.Configuration, null!, TestContext.Current.CancellationToken));
        return fault.Message;
    }

    private void WriteFeature(string name, string members)
    {
        var more = members.Trim().Length == 0 ? "" : "," + members;
        Write($".devcontainer/{name}/devcontainer-feature.json", $$"""{"id":"{{name}}","version":"1.0.0"{{more}} }""");
        Write($".devcontainer/{name}/install.sh", "true");
        Write(".devcontainer.json", $$"""{"image":"r.test/a","features":{"./.devcontainer/{{name}}":{} } }""");
    }

    private void RefusedCompose(string text, params string[] reasons)
    {
        Write("compose.yml", text);
        Write(".devcontainer.json", """{"dockerComposeFile":"compose.yml","service":"app"}""");
        Refused(() => Plan("app"), reasons);
    }

    private DevcontainerPlan Plan(string repository) => Budgets.Plan(_checkout, repository);

    private static void Refused(Func<DevcontainerPlan> read, params string[] reasons)
    {
        var message = Assert.ThrowsAny<FaultException>(read).Message;
        foreach (var reason in reasons)
        {
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_checkout, path))!);
        File.WriteAllText(Path.Combine(_checkout, path), text);
    }
}
