using Berth.Server.Repositories;

namespace Berth.Server.Trusts;

/// <summary>Publishing from CI without passwords: trust in OIDC issuers, and the exchange of their ID tokens.</summary>
internal static class TrustsFeature
{
    public static void AddTrusts(this IServiceCollection services)
    {
        services.AddSingleton<AddTrust>();
        services.AddSingleton<IssuerDocuments>();
        services.AddSingleton<IssuerKeys>();
        services.AddSingleton<VerifyIdentity>();
        services.AddSingleton<ExchangeIdentity>();
        services.AddSingleton<RegistryPasswords>();
        services.AddSingleton<IFollowRepositories, EndTrusts>();
    }
}
