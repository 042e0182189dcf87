using Berth.Server.Settings;

namespace Berth.Server.Database;

internal static class DatabaseFeature
{
    public static void AddDatabase(this IServiceCollection services)
    {
        UnixMilliseconds.Register();
        services.AddSingleton<Db>(provider => Open(provider.GetRequiredService<BerthOptions>()));
        services.AddSingleton<Migrator>();
    }

    private static Db Open(BerthOptions options)
    {
        var setting = options.DatabaseSetting;
        return setting.StartsWith("sqlite:", StringComparison.Ordinal)
            ? new SqliteDb(setting["sqlite:".Length..])
            : new PostgresDb(setting["postgres:".Length..]);
    }
}
