namespace Berth.Server.Organizations;

internal static class OrganizationsFeature
{
    public static void AddOrganizations(this IServiceCollection services)
    {
        services.AddSingleton<ChangeMembers>();
        services.AddSingleton<ChangeTeams>();
    }

    /// <summary>Organizations with members and teams.</summary>
    public static void MapOrganizationFeature(this IEndpointRouteBuilder api)
    {
        api.MapOrganizations();
        api.MapMembers();
        api.MapTeams();
    }
}
