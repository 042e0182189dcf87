using Berth.Server.Repositories.Cloning;
using Berth.Server.Cryptography;

namespace Berth.Server.Repositories;

internal static class RepositoriesFeature
{
    public static void AddRepositories(this IServiceCollection services)
    {
        services.AddSingleton<ChangeRepository>();
        services.AddSingleton<CloneCredentials>();
        services.AddSingleton<IWrappedRows, CloneCredentialRows>();
    }

    public static void MapRepositoryFeature(this IEndpointRouteBuilder api)
    {
        api.MapRepositories();
        api.MapCollaborators();
        api.MapCloneCredentials();
    }
}
