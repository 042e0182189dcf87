namespace Berth.Server.Tokens;

internal static class TokensFeature
{
    public static void AddTokens(this IServiceCollection services)
    {
        services.AddSingleton<PersonalTokens>();
        services.AddSingleton<WorkflowTokens>();
    }
}
