using Berth.Server.Secrets.RegistryChecks;
using Berth.Server.Cryptography;

namespace Berth.Server.Secrets;

/// <summary>Secrets of users, repositories and organizations.</summary>
internal static class SecretsFeature
{
    public static void AddSecrets(this IServiceCollection services)
    {
        services.AddSingleton<SecretKeys>();
        services.AddSingleton<PutSecret>();
        services.AddSingleton<CodespaceSecrets>();
        services.AddSingleton<CheckRegistry>();
        services.AddSingleton<CheckLimits>();
        services.AddSingleton<CompletedLogins>();
        services.AddSingleton<IWrappedRows, SecretKeyRows>();
        services.AddSingleton<IWrappedRows, SecretRows>();
    }

    public static void MapSecrets(this IEndpointRouteBuilder api)
    {
        api.MapSecretRoutes();
        api.MapRegistryChecks();
    }
}
