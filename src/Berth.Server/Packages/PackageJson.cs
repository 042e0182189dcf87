using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Packages.Content;
using Berth.Server.Repositories;

namespace Berth.Server.Packages;

/// <summary>Packages and versions in GitHub's shapes.</summary>
internal static class PackageJson
{
    /// <param name="repository">The linked repository. Null when there is none, or when the caller may not see it.</param>
    public static Package ToWire(this PackageDetails row, RepositoryRow? repository, ApiUrls urls) => new()
    {
        Id = row.Id,
        Name = row.Name,
        PackageType = row.Type,
        Owner = AccountJson.Simple(row.OwnerId, row.OwnerLogin, row.OwnerIsOrganization, siteAdmin: false, urls),
        VersionCount = row.VersionCount,
        Visibility = row.Visibility,
        Url = row.Url(urls),
        HtmlUrl = row.HtmlUrl(urls),
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        Repository = repository?.ToWire(urls),
        InheritsAccess = row.InheritsAccess,
        PullCount = row.Pulls ?? 0,
        LastPulledAt = row.LastPulledAt,
        VisibilityDiffers = repository is null || repository.Visibility == row.Visibility
            ? null
            : ChangeRepository.Difference(row.Address, row.Visibility, repository.Facts),
    };

    public static PackageVersion ToWire(this VersionRow version, PackageDetails package, IReadOnlyList<string> tags, ApiUrls urls) => new()
    {
        Id = version.Id,
        Name = version.Name,
        Url = $"{package.Url(urls)}/versions/{version.Id}",
        PackageHtmlUrl = package.HtmlUrl(urls),
        HtmlUrl = $"{Pages(package, urls)}/{Encoded(package)}/{version.Id}",
        CreatedAt = version.CreatedAt,
        UpdatedAt = version.UpdatedAt,
        DeletedAt = version.DeletedAt,
        PullCount = version.Pulls ?? 0,
        LastPulledAt = version.LastPulledAt,
        WorkflowRun = version is { Run: null, Ref: null, CommitId: null }
            ? null
            : new PublishingRun(version.Run, version.Ref, version.CommitId),
        Metadata = new VersionMetadata
        {
            PackageType = package.Type,
            Container = package.Type == PackageAddress.Container ? new TagMetadata(tags) : null,
            Npm = package.Type == PackageAddress.Npm ? new TagMetadata(tags) : null,
        },
    };

    public static string Url(this PackageDetails row, ApiUrls urls) =>
        $"{(row.OwnerIsOrganization ? urls.Organization(row.OwnerLogin) : urls.User(row.OwnerLogin))}/packages/{row.Type}/{Encoded(row)}";

    private static string HtmlUrl(this PackageDetails row, ApiUrls urls) => $"{Pages(row, urls)}/package/{Encoded(row)}";

    private static string Pages(PackageDetails row, ApiUrls urls) =>
        $"{urls.Html}/{(row.OwnerIsOrganization ? "orgs" : "users")}/{row.OwnerLogin}/packages/{row.Type}";

    private static string Encoded(PackageDetails row) => row.Name.Replace("/", "%2F", StringComparison.Ordinal);
}
