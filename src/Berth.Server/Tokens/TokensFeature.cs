using Berth.Server.Authentication;

namespace Berth.Server.Tokens;

internal static class TokensFeature
{
    public static void AddTokens(this IServiceCollection services)
    {
        services.AddSingleton<Authenticator>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<FirstAdministrator>();
        services.AddSingleton<PersonalTokens>();
        services.AddSingleton<WorkflowTokens>();
    }
}
