using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;

namespace Berth.Server.Database;

/// <summary>One connection, perhaps in a transaction. Passes the cancellation token to every command.</summary>
/// <remarks>
/// Lists are written <c>in @list</c>, the parameter being an array or a <see cref="List{T}"/>. A <c>cross join</c> says in which order
/// SQLite looks: it has no figures to choose by, and would begin with all versions of a package. PostgreSQL chooses as for any join.
/// </remarks>
public sealed partial class DbSession(Db db, DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
{
    /// <summary>What the statements run so far change.</summary>
    internal WriteKind Kind { get; private set; }

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        (await connection.QueryAsync<T>(Command(sql, parameters))).AsList();

    public Task<T?> FirstOrDefaultAsync<T>(string sql, object? parameters = null) =>
        connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters));

    /// <summary>The first column of the first row; throws when there is none.</summary>
    public Task<T> SingleAsync<T>(string sql, object? parameters = null) => connection.QuerySingleAsync<T>(Command(sql, parameters));

    /// <summary>The number of rows changed.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters = null) => connection.ExecuteAsync(Command(sql, parameters));

    /// <summary>The same, with the parameters of several objects: the statement's own, and those it shares with others.</summary>
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

    // Dapper spells a list out for SQLite, one parameter for each value, and hands it to Npgsql whole, as an array.
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
