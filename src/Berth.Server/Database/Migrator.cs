using System.Data.Common;
using System.Reflection;
using Dapper;

namespace Berth.Server.Database;

/// <summary>
/// Applies the embedded <c>Migrations/NNNN_what.sql</c> in order, each in its own transaction. A lock makes other processes wait (an
/// advisory lock on PostgreSQL, the write lock on SQLite). There is no way back.
/// </summary>
internal sealed partial class Migrator(Db db, TimeProvider time, ILogger<Migrator> logger)
{
    private const string Prefix = "Berth.Server.Database.Migrations.";

    /// <summary>The numbers of all migrations, in order.</summary>
    public static IEnumerable<int> Numbers => Names().Select(NumberOf);

    public Task RunAsync(CancellationToken cancellationToken) => RunAsync(int.MaxValue, cancellationToken);

    /// <param name="last">The number of the last wanted migration, to stop at an earlier release's schema.</param>
    public async Task RunAsync(int last, CancellationToken cancellationToken)
    {
        await using var connection = await db.OpenAsync(cancellationToken);
        await connection.ExecuteAsync(
            "create table if not exists migrations (number integer primary key, name text not null, applied_at bigint not null)");
        foreach (var name in Names().Where(name => NumberOf(name) <= last))
        {
            await ApplyAsync(connection, name, cancellationToken);
        }
    }

    private static IEnumerable<string> Names() =>
        Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    private static int NumberOf(string resource) => int.Parse(resource.AsSpan(Prefix.Length, 4));

    private async Task ApplyAsync(DbConnection connection, string resource, CancellationToken cancellationToken)
    {
        var name = resource[Prefix.Length..];
        var number = NumberOf(resource);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!db.Dialect.SingleProcess)
        {
            await connection.ExecuteAsync("select pg_advisory_xact_lock(72367283)", transaction: transaction);
        }

        var applied = await connection.QuerySingleAsync<int>(
            "select count(*) from migrations where number = @number", new { number }, transaction);
        if (applied > 0)
        {
            return;
        }

        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!);
        await connection.ExecuteAsync(db.Dialect.Translate(await reader.ReadToEndAsync(cancellationToken)), transaction: transaction);
        await connection.ExecuteAsync(
            "insert into migrations (number, name, applied_at) values (@number, @name, @at)",
            new { number, name, at = time.GetUtcNow().ToUnixTimeMilliseconds() },
            transaction);
        await transaction.CommitAsync(cancellationToken);
        LogApplied(name);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied migration {Name}")]
    private partial void LogApplied(string name);
}
