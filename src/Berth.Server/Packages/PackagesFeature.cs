namespace Berth.Server.Packages;

internal static class PackagesFeature
{
    public static void AddPackages(this IServiceCollection services)
    {
        services.AddSingleton<SourceLabel>();
        services.AddSingleton<FirstPublish>();
    }
}
