using Berth.Server.Authentication;
using Berth.Server.Database;

namespace Berth.Server.Tokens;

internal static class TokensFeature
{
    public static void AddTokens(this IServiceCollection services)
    {
        services.AddSingleton<IWriteRules, EndLostTokens>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<PersonalTokens>();
        services.AddSingleton<WorkflowTokens>();
    }
}
