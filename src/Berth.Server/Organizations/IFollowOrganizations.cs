using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Organizations;

/// <summary>What hangs on members and teams and changes with them, in the same transaction: access to packages.</summary>
internal interface IFollowOrganizations
{
    /// <summary>Called before the team is deleted.</summary>
    Task TeamGoneAsync(DbSession session, ChangeActor actor, long teamId);

    Task MemberGoneAsync(DbSession session, ChangeActor actor, long organizationId, long userId);
}
