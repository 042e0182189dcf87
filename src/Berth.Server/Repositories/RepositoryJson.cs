using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;

namespace Berth.Server.Repositories;

/// <summary>Repositories in GitHub's form.</summary>
internal static class RepositoryJson
{
    /// <param name="standing">The caller's roles on it. Null when the repository is a part of another answer.</param>
    public static Repository ToWire(this RepositoryRow row, ApiUrls urls, RepositoryStanding? standing = null)
    {
        var facts = row.Facts;
        return new Repository
        {
            Id = row.Id,
            NodeId = $"R_{row.Id}",
            Name = row.Name,
            FullName = facts.FullName,
            Owner = facts.Owner(urls),
            Private = facts.Openness != Visibility.Public,
            Visibility = row.Visibility,
            Description = row.Description,
            Url = urls.Repository(facts.FullName),
            HtmlUrl = $"{urls.Html}/{facts.FullName}",
            CollaboratorsUrl = $"{urls.Repository(facts.FullName)}/collaborators{{/collaborator}}",
            TeamsUrl = $"{urls.Repository(facts.FullName)}/teams",
            CloneUrl = row.CloneUrl,
            ExternalId = row.ExternalId,
            DefaultBranch = row.DefaultBranch,
            Submodules = row.Submodules,
            CreatedAt = row.CreatedAt,
            UpdatedAt = row.UpdatedAt,
            Permissions = standing is null
                ? null
                : RepositoryRole.Permissions(RepositoryRole.Highest(standing.Named), AccessRules.MayRead(standing)),
        };
    }
}
