using Berth.Server.Metrics;
using Berth.Server.Settings;

namespace Berth.Server.Database;

internal static class DatabaseFeature
{
    public static void AddDatabase(this IServiceCollection services)
    {
        UnixMilliseconds.Register();
        services.AddSingleton<Db>(Open);
        services.AddSingleton<DatabaseMetrics>();
        services.AddSingleton<Migrator>();
    }

    private static Db Open(IServiceProvider services)
    {
        var setting = services.GetRequiredService<DatabaseOptions>().SettingIn(services.GetRequiredService<DataOptions>());
        var rules = services.GetRequiredService<IWriteRules>();
        var metrics = services.GetRequiredService<DatabaseMetrics>();
        return setting.StartsWith("sqlite:", StringComparison.Ordinal)
            ? new SqliteDb(setting["sqlite:".Length..], rules, metrics)
            : new PostgresDb(setting["postgres:".Length..], rules, metrics, services.GetRequiredService<TimeProvider>());
    }
}
