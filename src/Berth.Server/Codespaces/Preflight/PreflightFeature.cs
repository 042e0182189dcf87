using Berth.Server.Codespaces.Git;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>Reports what a codespace would fetch and whether it may, before there is a codespace.</summary>
internal static class PreflightFeature
{
    public static void AddPreflight(this IServiceCollection services)
    {
        services.AddSingleton<LookAtRepository>();
        services.AddSingleton<ResolveReference>();
        services.AddSingleton<PreflightLimits>();
        services.AddSingleton<PreflightHost>();
        services.AddSingleton<RunPreflight>();
    }
}
