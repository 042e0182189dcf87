using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;

namespace Berth.Server.Organizations;

/// <summary>Organizations, members and teams in GitHub's form.</summary>
internal static class OrganizationJson
{
    /// <param name="forMembers">Includes the settings, which only members may see.</param>
    public static Organization ToWire(this OrganizationRow row, ApiUrls urls, bool forMembers) => new()
    {
        Login = row.Login,
        Id = row.Id,
        NodeId = $"O_{row.Id}",
        Url = urls.Organization(row.Login),
        HtmlUrl = $"{urls.Html}/{row.Login}",
        ReposUrl = $"{urls.Organization(row.Login)}/repos",
        MembersUrl = $"{urls.Organization(row.Login)}/members{{/member}}",
        Name = row.Name,
        DefaultRepositoryPermission = forMembers ? row.BasePermission : null,
        MembersCanCreateRepositories = forMembers ? row.MembersCanCreateRepositories : null,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };

    /// <summary>GitHub's form of an organization in a list.</summary>
    public static Organization ToWire(this AccountRow row, ApiUrls urls) => new OrganizationRow
    {
        Id = row.Id,
        Login = row.Login,
        Name = row.Name,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    }.ToWire(urls, forMembers: false);

    public static OrganizationPackageSettings ToPackageSettings(this OrganizationRow row) => new()
    {
        MembersCanCreatePublicPackages = row.MembersCanCreatePublicPackages,
        MembersCanCreateInternalPackages = row.MembersCanCreateInternalPackages,
        MembersCanCreatePrivatePackages = row.MembersCanCreatePrivatePackages,
        WorkflowsCanCreatePackages = row.WorkflowsCanCreatePackages,
        AllowedVisibilities =
        [
            .. row.PublicPackagesAllowed ? ["public"] : Array.Empty<string>(),
            .. row.InternalPackagesAllowed ? ["internal"] : Array.Empty<string>(), "private",
        ],
        InheritAccessOnLink = row.InheritAccessOnLink,
        FirstPublishVisibility = row.FirstPublishVisibility,
        PersonalTokenMaxDays = row.TokenMaxDays,
        UnrestrictedPersonalTokensAllowed = row.UnrestrictedTokensAllowed,
    };

    public static Account ToWire(this MemberRow row, ApiUrls urls) =>
        AccountJson.Simple(row.Id, row.Login, isOrganization: false, row.SiteAdmin, urls);

    public static Membership ToMembership(this MemberRow row, OwnerFacts organization, ApiUrls urls) => new()
    {
        Url = $"{urls.Organization(organization.Login)}/memberships/{row.Login}",
        Role = row.Role,
        OrganizationUrl = urls.Organization(organization.Login),
        Organization = AccountJson.Simple(organization.Id, organization.Login, isOrganization: true, siteAdmin: false, urls),
        User = row.ToWire(urls),
    };

    public static Team ToWire(this TeamRow row, string organization, ApiUrls urls) => new()
    {
        Id = row.Id,
        NodeId = $"T_{row.Id}",
        Name = row.Name,
        Slug = row.Slug,
        Description = row.Description,
        Url = urls.Team(organization, row.Slug),
        HtmlUrl = $"{urls.Html}/orgs/{organization}/teams/{row.Slug}",
        MembersUrl = $"{urls.Team(organization, row.Slug)}/members{{/member}}",
        RepositoriesUrl = $"{urls.Team(organization, row.Slug)}/repos",
        CreatedAt = row.CreatedAt,
    };
}
