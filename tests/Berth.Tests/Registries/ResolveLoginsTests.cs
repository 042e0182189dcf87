using Berth.Server.Registries;
using static Berth.Server.Registries.SecretLevel;
using static Berth.Server.Registries.SecretReach;

namespace Berth.Tests.Registries;

public sealed class ResolveLoginsTests
{
    [Fact]
    public void Three_secrets_with_one_prefix_are_a_set()
    {
        var resolved = ResolveLogins.From(Set("ACR", User, "mycompany.azurecr.io"));
        var set = Assert.Single(resolved.Counting);
        Assert.Equal(
            ("ACR", User, "mycompany.azurecr.io", "user-ACR", "password-ACR"),
            (set.Prefix, set.Level, set.Server.Host.Value, set.User, set.Password));
        Assert.Equal("mycompany.azurecr.io: ACR at user level", Assert.Single(resolved.Report).Message);
    }

    [Fact]
    public void Names_count_in_any_case()
    {
        var resolved = ResolveLogins.From(
        [
            Secret("acr_container_REGISTRY_PASSWORD", User, "p"), Secret("Acr_Container_Registry_Server", User, "a.azurecr.io"),
            Secret("ACR_CONTAINER_REGISTRY_USER", User, "u"),
        ]);
        Assert.Equal("ACR", Assert.Single(resolved.Counting).Prefix);
    }

    [Fact]
    public void For_a_prefix_the_most_specific_level_wins()
    {
        var resolved = ResolveLogins.From(
            [
                .. Set("ACR", Organization, "org.azurecr.io"), .. Set("ACR", Repository, "repo.azurecr.io"),
                .. Set("ACR", User, "user.azurecr.io"),
            ]);
        Assert.Equal(["user.azurecr.io"], resolved.Counting.Select(s => s.Server.Host.Value));
        Assert.Equal(2, resolved.Report.Count(r => r.Outcome == LoginOutcome.Loses));
    }

    [Fact]
    public void A_set_is_never_completed_from_another_level()
    {
        var resolved = ResolveLogins.From(
        [
            Secret("ACR_CONTAINER_REGISTRY_SERVER", User, "evil.example.org"),
            Secret("ACR_CONTAINER_REGISTRY_USER", Organization, "u"),
            Secret("ACR_CONTAINER_REGISTRY_PASSWORD", Organization, "p"),
        ]);
        Assert.Empty(resolved.Counting);
        Assert.All(resolved.Report, report => Assert.Equal(LoginOutcome.Mixed, report.Outcome));
        Assert.Equal([User, Organization], resolved.Report.Select(r => r.Level));
    }

    [Fact]
    public void An_incomplete_set_at_a_more_specific_level_does_not_hide_a_complete_one()
    {
        var resolved = ResolveLogins.From(
            [Secret("ACR_CONTAINER_REGISTRY_SERVER", User, "x.azurecr.io"), .. Set("ACR", Organization, "org.azurecr.io")]);
        Assert.Equal(Organization, Assert.Single(resolved.Counting).Level);
        Assert.Contains(
            "ACR at user level is incomplete: ACR_CONTAINER_REGISTRY_USER and ACR_CONTAINER_REGISTRY_PASSWORD missing",
            resolved.Report.Select(r => r.Message));
    }

    [Theory]
    [InlineData(Unassigned, LoginOutcome.Unassigned)]
    [InlineData(Withheld, LoginOutcome.Withheld)]
    public void A_set_that_does_not_reach_the_codespace_is_reported_as_that(SecretReach reach, LoginOutcome outcome)
    {
        var resolved = ResolveLogins.From(Set("ACR", Organization, "org.azurecr.io", reach));
        Assert.Empty(resolved.Counting);
        Assert.Equal(outcome, Assert.Single(resolved.Report).Outcome);
    }

    [Fact]
    public void One_unassigned_part_makes_the_set_unassigned_and_is_named()
    {
        var set = Set("ACR", Organization, "org.azurecr.io");
        set[2] = set[2] with { Reach = Unassigned };
        var report = Assert.Single(ResolveLogins.From(set).Report);
        Assert.Equal(
            "ACR at organization level is complete but not assigned to this repository: ACR_CONTAINER_REGISTRY_PASSWORD must include it",
            report.Message);
    }

    [Fact]
    public void A_part_that_is_there_and_not_assigned_is_told_from_one_that_is_not_there()
    {
        var resolved = ResolveLogins.From(
        [
            Secret("ACR_CONTAINER_REGISTRY_SERVER", Organization, "", Unassigned), Secret("ACR_CONTAINER_REGISTRY_USER", Organization, "u"),
        ]);
        Assert.Equal(
            "ACR at organization level is incomplete: ACR_CONTAINER_REGISTRY_SERVER (not assigned to this repository) and "
                + "ACR_CONTAINER_REGISTRY_PASSWORD missing",
            Assert.Single(resolved.Report).Message);
    }

    [Fact]
    public void For_one_server_the_level_decides_and_then_the_prefix()
    {
        var resolved = ResolveLogins.From(
            [.. Set("A", Organization, "ghcr.io"), .. Set("Z", User, "https://GHCR.io/"), .. Set("B", User, "ghcr.io")]);
        var set = Assert.Single(resolved.Counting);
        Assert.Equal(("B", User), (set.Prefix, set.Level));
        Assert.Equal(
            ["A", "Z"], resolved.Report.Where(r => r.Outcome == LoginOutcome.Loses).Select(r => r.Prefix).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Docker_hubs_names_are_one_registry()
    {
        var resolved = ResolveLogins.From([.. Set("A", User, "docker.io"), .. Set("B", User, "https://index.docker.io/v1/")]);
        Assert.Equal("A", Assert.Single(resolved.Counting).Prefix);
        Assert.Equal("A", resolved.ForImage(TestImage.Of("busybox"))!.Prefix);
        Assert.Equal("A", resolved.ForImage(TestImage.Of("registry-1.docker.io/acme/app"))!.Prefix);
    }

    [Theory]
    [InlineData("ghcr.io/acme/tools/x:1", "TOOLS")]
    [InlineData("ghcr.io/acme/app", "ACME")]
    [InlineData("ghcr.io/acmeist/app", "ALL")]
    [InlineData("ghcr.io/other/app", "ALL")]
    [InlineData("quay.io/acme/app", null)]
    public void The_longest_path_wins(string image, string? prefix)
    {
        var resolved = ResolveLogins.From(
            [.. Set("ALL", User, "ghcr.io"), .. Set("ACME", User, "ghcr.io/acme"), .. Set("TOOLS", User, "ghcr.io/acme/tools")]);
        Assert.Equal(prefix, resolved.ForImage(TestImage.Of(image))?.Prefix);
    }

    [Theory]
    [InlineData("  p\n", "p")]
    [InlineData("\uFEFF p", "p")]
    [InlineData("\" p \"", "p")]
    [InlineData("\"p\"", "p")]
    [InlineData("'p'\r\n", "p")]
    [InlineData("\"", "\"")]
    [InlineData("{\"type\": \"service_account\"}", "{\"type\": \"service_account\"}")]
    [InlineData("pa ss", "pa ss")]
    public void What_copying_added_is_removed_and_reported(string stored, string used)
    {
        var set = Set("GCR", User, "gcr.io");
        set[2] = set[2] with { Value = stored };
        var resolved = ResolveLogins.From(set);
        Assert.Equal(used, Assert.Single(resolved.Counting).Password);
        Assert.Equal(
            stored != used,
            resolved.Report.Any(r => r.Message == "GCR_CONTAINER_REGISTRY_PASSWORD: white space or quotes around the value were removed"));
    }

    [Theory]
    [InlineData("not a host", "u", "p")]
    [InlineData("ghcr.io", " ", "p")]
    [InlineData("ghcr.io", "u", "\n")]
    [InlineData("ghcr.io", "u:v", "p")]
    public void A_set_that_cannot_work_is_invalid_and_no_other_level_steps_in_unseen(string server, string user, string password)
    {
        var resolved = ResolveLogins.From(
        [
            Secret("X_CONTAINER_REGISTRY_SERVER", User, server), Secret("X_CONTAINER_REGISTRY_USER", User, user),
            Secret("X_CONTAINER_REGISTRY_PASSWORD", User, password),
        ]);
        Assert.Empty(resolved.Counting);
        Assert.Contains(resolved.Report, r => r.Outcome == LoginOutcome.Invalid);
    }

    [Fact]
    public void A_longer_path_counts_whatever_its_level()
    {
        var resolved = ResolveLogins.From(
            [.. Set("ALL", User, "ghcr.io"), .. Set("ACME", Organization, "ghcr.io/acme"), .. Set("TEAM", Repository, "GHCR.io/Acme/")]);
        Assert.Equal(["ALL", "TEAM"], resolved.Counting.Select(set => set.Prefix).Order(StringComparer.Ordinal));
        Assert.Equal("TEAM", resolved.ForImage(TestImage.Of("ghcr.io/acme/app:1"))!.Prefix);
        Assert.Equal("ALL", resolved.ForImage(TestImage.Of("ghcr.io/other/app:1"))!.Prefix);
    }

    [Theory]
    [InlineData(Unassigned)]
    [InlineData(Withheld)]
    public void A_set_that_does_not_reach_the_codespace_does_not_hide_one_that_does(SecretReach reach)
    {
        var level = reach == Unassigned ? User : Repository;
        var resolved = ResolveLogins.From([.. Set("ACR", level, "own.azurecr.io", reach), .. Set("ACR", Organization, "org.azurecr.io")]);
        Assert.Equal("org.azurecr.io", Assert.Single(resolved.Counting).Server.Host.Value);
        Assert.Equal(reach == Unassigned ? LoginOutcome.Unassigned : LoginOutcome.Withheld, resolved.Report[0].Outcome);
    }

    /// <summary>
    /// The first text says what is stored: SERVER, USER or PASSWORD by its letter, at the level of user, repository or organization. A
    /// small letter means that it is not assigned to this repository.
    /// </summary>
    [Theory]
    [InlineData("S@u U@u P@u", "counts@User")]
    [InlineData("S@u U@u P@r", "mixed@User mixed@Repository")]
    [InlineData("S@u U@r P@o", "mixed@User mixed@Repository mixed@Organization")]
    [InlineData("S@u U@u", "incomplete@User")]
    [InlineData("S@u S@o", "incomplete@User incomplete@Organization")]
    [InlineData("S@o U@o P@o S@u", "incomplete@User counts@Organization")]
    [InlineData("s@o U@o P@o", "unassigned@Organization")]
    [InlineData("s@o u@o p@o S@u", "incomplete@User unassigned@Organization")]
    [InlineData("s@o U@o", "incomplete@Organization")]
    [InlineData("S@u U@u P@u S@r U@r P@r s@o u@o p@o", "counts@User loses@Repository unassigned@Organization")]
    [InlineData("S@u U@u P@r p@o", "mixed@User mixed@Repository mixed@Organization")]
    public void Every_mixture_is_named_as_what_it_is(string stored, string said)
    {
        var parts = new Dictionary<char, string> { ['s'] = "SERVER", ['u'] = "USER", ['p'] = "PASSWORD" };
        var levels = new Dictionary<char, SecretLevel> { ['u'] = User, ['r'] = Repository, ['o'] = Organization };
        var resolved = ResolveLogins.From(stored.Split(' ').Select(text => Secret(
            "X_CONTAINER_REGISTRY_" + parts[char.ToLowerInvariant(text[0])], levels[text[2]], "ghcr.io",
            char.IsUpper(text[0]) ? Visible : Unassigned)));
        Assert.Equal(
            said.Split(' ').Order(StringComparer.Ordinal),
            resolved.Report.Select(line => $"{line.Outcome.ToString().ToLowerInvariant()}@{line.Level}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Other_secrets_are_left_alone()
    {
        var resolved = ResolveLogins.From(
            [Secret("NPM_TOKEN", User, "x"), Secret("_CONTAINER_REGISTRY", User, "x"), Secret("CONTAINER_REGISTRY_SERVER", User, "x")]);
        Assert.Empty(resolved.Counting);
        Assert.Empty(resolved.Report);
    }

    [Fact]
    public void No_value_is_in_the_report_or_in_text()
    {
        var resolved = ResolveLogins.From(
            [.. Set("A", User, "ghcr.io"), .. Set("A", Organization, "ghcr.io"), .. Set("B", User, "bad host")]);
        var text = string.Join('\n', resolved.Report.Select(r => r.Message))
            + string.Join('\n', resolved.Counting.Select(s => s.ToString()));
        Assert.DoesNotContain("password-", text, StringComparison.Ordinal);
        Assert.DoesNotContain("user-", text, StringComparison.Ordinal);
    }

    private static RegistrySecret[] Set(string prefix, SecretLevel level, string server, SecretReach reach = Visible) =>
    [
        Secret($"{prefix}_CONTAINER_REGISTRY_SERVER", level, server, reach),
        Secret($"{prefix}_CONTAINER_REGISTRY_USER", level, $"user-{prefix}", reach),
        Secret($"{prefix}_CONTAINER_REGISTRY_PASSWORD", level, $"password-{prefix}", reach),
    ];

    private static RegistrySecret Secret(string name, SecretLevel level, string value, SecretReach reach = Visible) =>
        new(name, level, reach, value, Version: 1);
}
