using Berth.Server.Registries.Ecr;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Registries;

/// <summary>Registers what makes logins from sets of secrets, and what asks registries with them.</summary>
internal static class RegistriesFeature
{
    public static void AddRegistries(this IServiceCollection services)
    {
        services.AddSingleton<RemoteHttp>();
        services.AddSingleton<RealmRule>();
        services.AddSingleton<EcrTokens>();
        services.AddSingleton<ExchangeLogin>();
        services.AddSingleton<RegistryClient>();
    }
}
