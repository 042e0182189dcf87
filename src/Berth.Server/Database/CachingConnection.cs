using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Berth.Server.Database;

/// <summary>
/// A SQLite connection that keeps its compiled statements. Dapper makes a command for every call, and compiling takes longer than running
/// most of them. One push runs about sixty small statements on the single writer.
/// </summary>
internal sealed class CachingConnection(string connectionString) : SqliteConnection(connectionString)
{
    /// <summary>There are about as many texts as places in the code that run statements. Lists of varying length add some.</summary>
    private const int MostStatements = 400;
    private readonly Dictionary<string, SqliteCommand> _idle = new(StringComparer.Ordinal);

    public SqliteCommand Rent(string text)
    {
        if (_idle.Remove(text, out var command))
        {
            return command;
        }

        command = CreateCommand();
        command.CommandText = text;
        return command;
    }

    public void Return(SqliteCommand command)
    {
        command.Parameters.Clear();
        command.Transaction = null;
        if (_idle.Count >= MostStatements || !_idle.TryAdd(command.CommandText, command))
        {
            command.Dispose();
        }
    }

    protected override DbCommand CreateDbCommand() => new CachedCommand(this);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var command in _idle.Values)
            {
                command.Dispose();
            }

            _idle.Clear();
        }

        base.Dispose(disposing);
    }

    /// <summary>
    /// Borrows the compiled command of its text when it runs, and returns it when it is disposed. Until then it collects the parameters
    /// itself, because Dapper keeps the collection while it rewrites the text to expand a list.
    /// </summary>
    private sealed class CachedCommand(CachingConnection connection) : DbCommand
    {
        private readonly SqliteCommand _written = new();
        private SqliteCommand? _running;
        private string _text = "";
        private SqliteTransaction? _transaction;

        [AllowNull]
        public override string CommandText
        {
            get => _text;
            set => _text = value ?? "";
        }

        public override int CommandTimeout
        {
            get => _written.CommandTimeout;
            set => _written.CommandTimeout = value;
        }

        public override CommandType CommandType
        {
            get => CommandType.Text;
            set
            {
                if (value != CommandType.Text)
                {
                    throw new NotSupportedException("SQLite has no stored procedures");
                }
            }
        }

        public override bool DesignTimeVisible { get; set; }

        public override UpdateRowSource UpdatedRowSource { get; set; }

        protected override DbConnection? DbConnection
        {
            get => connection;
            set => throw new NotSupportedException("a command stays with its connection");
        }

        protected override DbParameterCollection DbParameterCollection => _written.Parameters;

        protected override DbTransaction? DbTransaction
        {
            get => _transaction;
            set => _transaction = (SqliteTransaction?)value;
        }

        public override void Cancel() => _running?.Cancel();

        public override int ExecuteNonQuery() => Borrow().ExecuteNonQuery();

        public override object? ExecuteScalar() => Borrow().ExecuteScalar();

        public override void Prepare() => Borrow().Prepare();

        protected override DbParameter CreateDbParameter() => new SqliteParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Borrow().ExecuteReader(behavior);

        protected override void Dispose(bool disposing)
        {
            GiveBack();
            _written.Dispose();
            base.Dispose(disposing);
        }

        private SqliteCommand Borrow()
        {
            GiveBack();
            _running = connection.Rent(_text);
            _running.Transaction = _transaction;
            foreach (SqliteParameter parameter in _written.Parameters)
            {
                _running.Parameters.Add(parameter);
            }

            return _running;
        }

        private void GiveBack()
        {
            if (_running is not null)
            {
                connection.Return(_running);
                _running = null;
            }
        }
    }
}
