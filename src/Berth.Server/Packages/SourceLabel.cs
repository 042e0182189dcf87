using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Repositories;

namespace Berth.Server.Packages;

/// <summary>
/// Finds the repository that a published version says it comes from. It counts only if it has the same owner and the publisher has a role
/// there that may write, because a label is a claim and not a right.
/// </summary>
internal sealed class SourceLabel(AddressOptions options)
{
    private readonly string _here = GitUrl.Normalise(options.Url + "/x")![..^1];

    /// <summary>Null when the labels name no repository, or several.</summary>
    public async Task<RepositoryFacts?> FindAsync(DbSession session, Principal principal, OwnerFacts owner, IReadOnlyList<string> sources)
    {
        if (principal is not UserPrincipal user || sources.FirstOrDefault(s => !string.IsNullOrWhiteSpace(s)) is not { } source
            || GitUrl.Normalise(source) is not { } url)
        {
            return null;
        }

        var ids = await session.QueryAsync<long>(
            "select id from repositories where owner_id = @ownerId and clone_url_normalised = @url", new { ownerId = owner.Id, url });
        var byAddress = url.StartsWith(_here, StringComparison.Ordinal) ? url[_here.Length..].Split('/') : [];
        if (byAddress is [var login, var name] && login.Equals(owner.Login, StringComparison.OrdinalIgnoreCase)
            && await AccessDecisions.RepositoryAsync(session, user.UserId, login, name) is { } addressed
            && !ids.Contains(addressed.Repository.Id))
        {
            ids.Add(addressed.Repository.Id);
        }

        return ids is [var only]
            && await AccessDecisions.RepositoryAsync(session, user.UserId, only) is { } on
            && AccessRules.MayWrite(on.Standing)
            ? on.Repository
            : null;
    }
}
