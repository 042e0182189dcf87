using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Organizations;

/// <summary>Changes what depends on members and teams, such as access to packages, in the same transaction.</summary>
internal interface IFollowOrganizations
{
    /// <summary>Called before the team is deleted.</summary>
    Task TeamGoneAsync(DbSession session, ChangeActor actor, long teamId);

    Task MemberGoneAsync(DbSession session, ChangeActor actor, long organizationId, long userId);
}
