using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;

namespace Berth.Server.Database;

/// <summary>One connection, perhaps in a transaction. It passes the cancellation token to every command.</summary>
/// <remarks>Lists are written <c>in @list</c>, with an array or a <see cref="List{T}"/> as the parameter. A <c>cross join</c> fixes the
/// order in which SQLite searches, since SQLite has no statistics to choose by and would begin with all versions of a package. PostgreSQL
/// chooses freely, as for any join.</remarks>
public sealed partial class DbSession(Db db, DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
{
    /// <summary>What the statements so far change.</summary>
    internal WriteKind Kind { get; private set; }

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        (await connection.QueryAsync<T>(Command(sql, parameters))).AsList();

    public Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) =>
        connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters));

    /// <summary>Returns the first column of the first row. Throws when there is none.</summary>
    public Task<T> SingleAsync<T>(string sql, object? parameters = null) => connection.QuerySingleAsync<T>(Command(sql, parameters));

    /// <summary>Returns the number of changed rows.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters = null) => connection.ExecuteAsync(Command(sql, parameters));

    /// <summary>The same, with the parameters of several objects: those of the statement, and those that it shares with others.</summary>
    public Task<int> ExecuteAsync(string sql, object parameters, params object[] shared) => ExecuteAsync(sql, All(parameters, shared));

    /// <inheritdoc cref="ExecuteAsync(string, object, object[])"/>
    public Task<List<T>> QueryAsync<T>(string sql, object parameters, params object[] shared) =>
        QueryAsync<T>(sql, All(parameters, shared));

    private static DynamicParameters All(object parameters, object[] shared)
    {
        var all = new DynamicParameters(parameters);
        foreach (var more in shared)
        {
            all.AddDynamicParams(more);
        }

        return all;
    }

    // Dapper expands a list for SQLite into one parameter per value. For Npgsql it passes the list as one array.
    private static readonly ConcurrentDictionary<string, string> WithArrays = new(StringComparer.Ordinal);

    private CommandDefinition Command(string sql, object? parameters)
    {
        db.Listener?.Invoke(sql);
        var kind = db.KindOf(sql);
        Kind = kind > Kind ? kind : Kind;
        return new(
            connection is NpgsqlConnection ? WithArrays.GetOrAdd(sql, static text => InList().Replace(text, "= any(@${name})")) : sql,
            parameters,
            transaction,
            cancellationToken: cancellationToken);
    }

    [GeneratedRegex(@"\bin @(?<name>\w+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex InList();
}
