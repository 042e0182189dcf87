namespace Berth.Server.Organizations;

internal static class OrganizationsFeature
{
    /// <summary>Organizations with members and teams.</summary>
    public static void MapOrganizationFeature(this IEndpointRouteBuilder api)
    {
        api.MapOrganizations();
        api.MapMembers();
        api.MapTeams();
    }
}
