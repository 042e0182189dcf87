namespace Berth.Server.GarbageCollection;

internal static class GarbageCollectionFeature
{
    public static void AddGarbageCollection(this IServiceCollection services)
    {
        services.AddSingleton<CollectGarbage>();
        services.AddHostedService<CollectorSchedule>();
    }
}
