namespace Berth.Server.Accounts;

internal static class AccountsFeature
{
    /// <summary>People, profiles and site administration.</summary>
    public static void MapAccountFeature(this IEndpointRouteBuilder api)
    {
        api.MapAccounts();
        api.MapAdmin();
    }
}
