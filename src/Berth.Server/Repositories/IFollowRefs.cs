using Berth.Server.Access;

namespace Berth.Server.Repositories;

/// <summary>Adapts versions of packages when refs of repositories are deleted.</summary>
internal interface IFollowRefs
{
    /// <param name="reference">The full name: <c>refs/heads/main</c>, <c>refs/pull/7/merge</c>.</param>
    Task RefGoneAsync(long repositoryId, string reference, ChangeActor actor, CancellationToken cancellationToken);
}
