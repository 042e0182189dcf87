using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Packages.Rules;

/// <summary>
/// Removes a repository that is deleted or transferred from the rules that name it, since the new owner must not get the push rights that
/// the former owner's repository had. The rules stay, and allow fewer.
/// </summary>
internal sealed class FollowRuleNames(AuditLog audit) : IFollowRepositories
{
    public Task RenamedAsync(DbSession session, ChangeActor actor, RepositoryFacts old, RepositoryFacts renamed) => Task.CompletedTask;

    public Task TightenedAsync(DbSession session, ChangeActor actor, RepositoryFacts repository) => Task.CompletedTask;

    public async Task RepositoryGoneAsync(DbSession session, ChangeActor actor, RepositoryFacts repository, string? newName)
    {
        foreach (var rule in await TagRuleTable.NamingAsync(session, repository.Id))
        {
            await audit.RecordAsync(
                session, actor,
                AuditEntry.In(rule.OwnerId, rule.Owner, "push_rule.update", ChangePushRules.Subject(rule.Id)) with
                {
                    Package = rule.Name is null ? null : new PackageAddress(rule.Owner, rule.Type!, rule.Name),
                    Old = "workflow:" + repository.FullName,
                });
        }

        await TagRuleTable.DropRepositoryAsync(session, repository.Id);
    }
}
