namespace Berth.Server.Access;

internal static class AccessFeature
{
    public static void AddAccess(this IServiceCollection services) => services.AddSingleton<AccessDecisions>();
}
