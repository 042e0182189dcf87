namespace Berth.Server.GarbageCollection;

internal static class GarbageCollectionFeature
{
    public static void AddGarbageCollection(this IServiceCollection services)
    {
        services.AddSingleton<CollectGarbage>();
        services.AddSingleton<CollectorSchedule>();
        services.AddHostedService(provider => provider.GetRequiredService<CollectorSchedule>());
        services.AddSingleton<ForgetEvents>();
        services.AddHostedService<CollectorSchedule>();
    }

    public static void MapGarbageCollection(this IEndpointRouteBuilder api) => api.MapCollector();
}
