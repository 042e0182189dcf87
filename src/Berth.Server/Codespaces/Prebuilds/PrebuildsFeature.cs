using Berth.Server.Cryptography;

namespace Berth.Server.Codespaces.Prebuilds;

internal static class PrebuildsFeature
{
    public static void AddPrebuilds(this IServiceCollection services)
    {
        services.AddSingleton<PrebuildRest>();
        services.AddSingleton<KeepPrebuild>();
        services.AddSingleton<BeginPrebuild>();
        services.AddSingleton<TrimPrebuilds>();
        services.AddSingleton<PrebuildClock>();
        services.AddHostedService(provider => provider.GetRequiredService<PrebuildClock>());
        services.AddSingleton<IWrappedRows, PushHookRows>();
    }

    /// <param name="codespaces">The path of one repository's codespaces.</param>
    public static void MapPrebuildFeature(this IEndpointRouteBuilder api, string codespaces)
    {
        api.MapPrebuildConfigurations(codespaces);
        api.MapPrebuilds(codespaces);
        api.MapPushHook(codespaces);
    }
}
