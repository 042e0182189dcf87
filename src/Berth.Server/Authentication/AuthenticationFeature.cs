using Berth.Server.Database;

namespace Berth.Server.Authentication;

internal static class AuthenticationFeature
{
    public static void AddAuthenticator(this IServiceCollection services)
    {
        services.AddSingleton<IWriteRules, EndLostTokens>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<LoginThrottle>();
    }
}
