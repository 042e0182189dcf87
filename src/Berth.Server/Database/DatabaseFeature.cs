using Berth.Server.Settings;

namespace Berth.Server.Database;

internal static class DatabaseFeature
{
    public static void AddDatabase(this IServiceCollection services)
    {
        UnixMilliseconds.Register();
        services.AddSingleton<Db>(provider => Open(
            provider.GetRequiredService<BerthOptions>(), provider.GetRequiredService<IWriteRules>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Migrator>();
    }

    private static Db Open(BerthOptions options, IWriteRules rules, TimeProvider time)
    {
        var setting = options.DatabaseSetting;
        return setting.StartsWith("sqlite:", StringComparison.Ordinal)
            ? new SqliteDb(setting["sqlite:".Length..], rules)
            : new PostgresDb(setting["postgres:".Length..], rules, time);
    }
}
