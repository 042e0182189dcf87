namespace Berth.Server.Api.Description;

/// <summary>Describes the mark of a route in words.</summary>
internal static class Needs
{
    public static string Words(ApiRoute route, bool reads, CodespaceReach reach)
    {
        var words = Who(route.Need);
        if (route.Scopes.Count > 0)
        {
            var scopes = string.Join(" or ", route.Scopes.Select(scope => $"`{scope}`"));
            words += OpenToAll(route, reads)
                ? $" A token needs the scope {scopes} for what is not public."
                : $" The token needs the scope {scopes}.";
        }

        return reach == CodespaceReach.None ? words : words + " A codespace's own token reaches it too, for its own.";
    }

    /// <summary>Whether the route also answers callers without a token.</summary>
    public static bool OpenToAll(ApiRoute route, bool reads) =>
        reads && route.Need is (ApiNeed.Anyone or ApiNeed.RepositoryReader or ApiNeed.PackageReader);

    private static string Who(ApiNeed need) => need switch
    {
        ApiNeed.Anyone => "For everybody; what is shown depends on who asks.",
        ApiNeed.User => "For signed-in users.",
        ApiNeed.PackageUser => "For signed-in users, also with a token that is narrowed to packages.",
        ApiNeed.SiteAdministrator => "For site administrators.",
        ApiNeed.OrganizationMember => "For members of the organization.",
        ApiNeed.OrganizationOwner => "For owners of the organization.",
        ApiNeed.OrganizationOwnerOrSelf => "For owners of the organization, and for the member themselves.",
        ApiNeed.RepositoryReader => "For whoever can read the repository.",
        ApiNeed.RepositoryUser => "For signed-in users who can read the repository.",
        ApiNeed.RepositoryWriter => "For those with write on the repository.",
        ApiNeed.RepositoryAdministrator => "For admins of the repository.",
        ApiNeed.PackageReader => "For whoever can pull the package.",
        ApiNeed.PackageWriter => "For those who can push to the package.",
        ApiNeed.PackageDeleter or ApiNeed.PackageRestorer => "For those who can delete what is in the package.",
        ApiNeed.PackageAdministrator or ApiNeed.PackageAdministratorReading => "For admins of the package.",
        ApiNeed.PackageCreator => "For those who may create packages here, and for admins of the package where it exists.",
        _ => throw new InvalidOperationException($"no words for {need}"),
    };
}
