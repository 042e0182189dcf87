using Berth.Server.Access;

namespace Berth.Server.Repositories;

/// <summary>What follows the refs of repositories: versions of packages.</summary>
internal interface IFollowRefs
{
    /// <param name="reference">The full name: <c>refs/heads/main</c>, <c>refs/pull/7/merge</c>.</param>
    Task RefGoneAsync(long repositoryId, string reference, ChangeActor actor, CancellationToken cancellationToken);
}
