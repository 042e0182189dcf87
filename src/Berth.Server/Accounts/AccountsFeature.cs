namespace Berth.Server.Accounts;

internal static class AccountsFeature
{
    public static void AddAccounts(this IServiceCollection services) => services.AddSingleton<FirstAdministrator>();

    /// <summary>People, profiles and site administration.</summary>
    public static void MapAccountFeature(this IEndpointRouteBuilder api)
    {
        api.MapAccounts();
        api.MapAdmin();
    }
}
