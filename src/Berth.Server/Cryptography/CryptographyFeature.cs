namespace Berth.Server.Cryptography;

internal static class CryptographyFeature
{
    public static void AddCryptography(this IServiceCollection services)
    {
        services.AddSingleton<MasterKey>();
        services.AddSingleton<ServerKeys>();
        services.AddSingleton<IWrappedRows, ServerKeyRows>();
        services.AddSingleton<RotateMasterKey>();
        services.AddSingleton<KeyRotationWork>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyRotationWork>());
    }
}
