namespace Berth.Server.Security;

internal static class SecurityFeature
{
    public static void AddSecurity(this IServiceCollection services)
    {
        services.AddSingleton<MasterKey>();
        services.AddSingleton<ServerKeys>();
        services.AddSingleton<IWrappedRows, ServerKeyRows>();
        services.AddSingleton<RotateMasterKey>();
        services.AddSingleton<KeyRotationWork>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyRotationWork>());
    }
}
