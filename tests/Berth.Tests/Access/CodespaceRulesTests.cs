using System.Reflection;
using Berth.Client.Wire;
using Berth.Server.Access;

namespace Berth.Tests.Access;

/// <summary>Who may have codespaces of an organization's repositories.</summary>
public sealed class CodespaceRulesTests
{
    [Theory]
    [InlineData("disabled", true, true, true, false)]
    [InlineData("selected_members", true, true, true, true)]
    [InlineData("selected_members", true, true, false, false)]
    [InlineData("selected_members", true, false, true, false)]
    [InlineData("all_members", true, true, false, true)]
    [InlineData("all_members", true, false, false, false)]
    [InlineData("all_members_and_outside_collaborators", true, false, false, true)]
    [InlineData("all_members_and_outside_collaborators", false, true, true, false)]
    [InlineData(null, true, false, false, true)]
    [InlineData(null, false, true, true, false)]
    public void The_rule_holds(string? access, bool canRead, bool isMember, bool isSelected, bool allowed)
    {
        var decision = AccessRules.Decide(new CodespaceFacts
        {
            Repository = Repo.App,
            UserLogin = "ada",
            CanRead = canRead,
            Access = CodespaceAccessNames.Parse(access),
            IsMember = isMember,
            IsSelected = isSelected,
        });
        Assert.Equal(allowed, decision.Allowed);
        Assert.Equal(canRead, decision.MaySee);
        Assert.Equal(!allowed && canRead, decision is { Reason: not null, Remedy: not null });
    }

    [Fact]
    public void Repositories_of_users_have_no_such_setting() => Assert.True(AccessRules.Decide(new CodespaceFacts
    {
        Repository = Repo.App with { OwnerIsOrganization = false, OwnerLogin = "bob" },
        UserLogin = "ada",
        CanRead = true,
        Access = CodespaceAccess.Nobody,
    }).Allowed);

    [Fact]
    public void Every_word_that_a_request_may_use_is_one_access() => Assert.Equal(
        Enum.GetValues<CodespaceAccess>().Select(access => (access, access.Name())).Order(),
        typeof(CodespacesAccess).GetProperty(nameof(CodespacesAccess.Visibility))!.GetCustomAttribute<OneOfAttribute>()!.Words
            .Select(word => (CodespaceAccessNames.Parse(word), word)).Order());
}
