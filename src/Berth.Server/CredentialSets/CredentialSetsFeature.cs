using Berth.Server.CredentialSets.Ecr;
using Berth.Server.CredentialSets.Remote;

namespace Berth.Server.CredentialSets;

/// <summary>What makes logins of sets of secrets, and asks registries with them.</summary>
internal static class CredentialSetsFeature
{
    public static void AddCredentialSets(this IServiceCollection services)
    {
        services.AddSingleton<RemoteHttp>();
        services.AddSingleton<RealmRule>();
        services.AddSingleton<EcrTokens>();
        services.AddSingleton<SetLogins>();
        services.AddSingleton<RegistryClient>();
    }
}
