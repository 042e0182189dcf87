namespace Berth.Server.Repositories;

internal static class RepositoriesFeature
{
    public static void AddRepositories(this IServiceCollection services) => services.AddSingleton<ChangeRepository>();

    public static void MapRepositoryFeature(this IEndpointRouteBuilder api)
    {
        api.MapRepositories();
        api.MapCollaborators();
    }
}
