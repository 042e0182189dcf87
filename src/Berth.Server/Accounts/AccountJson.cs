using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;

namespace Berth.Server.Accounts;

/// <summary>Accounts in GitHub's form.</summary>
internal static class AccountJson
{
    public static Account ToSimple(this AccountRow row, ApiUrls urls) => Simple(row.Id, row.Login, row.IsOrganization, row.SiteAdmin, urls);

    public static Account Simple(long id, string login, bool isOrganization, bool siteAdmin, ApiUrls urls) => new()
    {
        Login = login,
        Id = id,
        NodeId = $"{(isOrganization ? "O" : "U")}_{id}",
        Url = urls.User(login),
        HtmlUrl = $"{urls.Html}/{login}",
        OrganizationsUrl = $"{urls.User(login)}/orgs",
        ReposUrl = $"{urls.User(login)}/repos",
        Type = isOrganization ? "Organization" : "User",
        SiteAdmin = siteAdmin,
    };

    public static Account Owner(this RepositoryFacts repository, ApiUrls urls) =>
        Simple(repository.OwnerId, repository.OwnerLogin, repository.OwnerIsOrganization, siteAdmin: false, urls);

    public static Account ToProfile(this AccountRow row, ApiUrls urls, bool withEmail) => row.ToSimple(urls) with
    {
        Name = row.Name,
        Email = withEmail ? row.Email : null,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };
}
