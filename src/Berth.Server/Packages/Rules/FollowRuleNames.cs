using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Repositories;

namespace Berth.Server.Packages.Rules;

/// <summary>
/// A repository that is deleted or transferred leaves the rules that name it: whom its former owner let push, the new one may not. The
/// rules stay, and let fewer.
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
