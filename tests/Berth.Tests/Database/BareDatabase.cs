using System.Diagnostics.Metrics;
using Berth.Server.Database;
using Berth.Server.Metrics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Tests.Database;

/// <summary>A database without a server. Nothing else happens at its writes.</summary>
internal static class BareDatabase
{
    /// <param name="setting"><c>sqlite:PATH</c> or <c>postgres:CONNECTION</c>.</param>
    public static Db Open(string setting)
    {
        var metrics = new DatabaseMetrics(new NoMeters(), TimeProvider.System);
        return setting.StartsWith("sqlite:", StringComparison.Ordinal)
            ? new SqliteDb(setting["sqlite:".Length..], new NoRules(), metrics)
            : new PostgresDb(setting["postgres:".Length..], new NoRules(), metrics, TimeProvider.System);
    }

    public static Migrator Migrator(Db db) => new(db, TimeProvider.System, NullLogger<Migrator>.Instance);

    private sealed class NoRules : IWriteRules
    {
        public WriteKind KindOf(string sql) => WriteKind.Content;

        public Task RolesChangedAsync(DbSession session) => Task.CompletedTask;
    }

    private sealed class NoMeters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
