using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Tests.TestServer;

namespace Berth.Tests.Database;

/// <summary>A database of an earlier release. After each migration the tests' rows for it are inserted.</summary>
internal sealed partial class OldDatabase : IAsyncDisposable
{
    /// <summary>A token of ada's that the first release made.</summary>
    public static readonly string Token = TokenSecret.Personal + "OldOldOldOldOldOldOldOldOldOld1234567890";

    private readonly DirectoryInfo _folder;
    private readonly TestDatabase _database;
    private readonly Db _db;
    private readonly bool _withRows;
    private bool _served;
    private int _filled;

    private OldDatabase(DirectoryInfo folder, TestDatabase database, bool withRows)
    {
        (_folder, _database, _withRows) = (folder, database, withRows);
        _db = BareDatabase.Open(database.Setting);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<OldDatabase> CreateAsync(bool rows = true)
    {
        var folder = Directory.CreateTempSubdirectory("berth-old-");
        return new OldDatabase(folder, await TestDatabase.CreateBlankAsync(folder.FullName), rows);
    }

    /// <summary>Migrates to this release, or to the newest. Up to <paramref name="released"/>, rows are inserted after each step.</summary>
    public async Task MigrateAsync(int? released = null)
    {
        var migrator = BareDatabase.Migrator(_db);
        foreach (var number in Migrator.Numbers.Where(number => number <= released))
        {
            await migrator.RunAsync(number, Cancel);
            if (_withRows && number > _filled)
            {
                await FillAsync(number);
                _filled = number;
            }
        }

        if (released is null)
        {
            await migrator.RunAsync(Cancel);
        }
    }

    /// <summary>Starts the newest server on it.</summary>
    public async Task<BerthServer> ServeAsync()
    {
        _served = true;
        await _db.DisposeAsync();
        return await BerthServer.StartOnAsync(_database, _folder.FullName);
    }

    /// <summary>The tables, and the number of rows of each.</summary>
    public Task<SortedDictionary<string, long>> RowsAsync() => _db.ReadAsync(
        async session =>
        {
            var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
            foreach (var table in await session.QueryAsync<string>(_db.Dialect.SingleProcess
                ? "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
                : "select table_name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE'"))
            {
                if (table != "migrations")
                {
                    counts[table] = await session.SingleAsync<long>($"select count(*) from {table}");
                }
            }

            return counts;
        },
        Cancel);

    /// <summary>References to rows that do not exist. PostgreSQL does not allow any.</summary>
    public async Task<List<string>> BrokenReferencesAsync() => _db.Dialect.SingleProcess
        ? await _db.ReadAsync(
            session => session.QueryAsync<string>("""select "table" || ' → ' || parent from pragma_foreign_key_check"""), Cancel)
        : [];

    /// <summary>Every column and index, sorted, because a column that was added later is the last one in an old table.</summary>
    public async Task<string> SchemaAsync() => string.Join('\n', (await _db.ReadAsync(
        session => session.QueryAsync<string>(_db.Dialect.SingleProcess
            ? """
              select m.name || '.' || c.name || ' ' || lower(c.type) || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value,
                '') || ' ' || c.pk
              from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and m.name not like 'sqlite_%'
              union all
              select sql from sqlite_master where type = 'index' and sql is not null
              """
            : """
              select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
              from information_schema.columns where table_schema = current_schema()
              union all
              select indexdef from pg_indexes where schemaname = current_schema()
              """),
        Cancel)).Order(StringComparer.Ordinal));

    public async ValueTask DisposeAsync()
    {
        if (!_served)
        {
            await _db.DisposeAsync();
            await _database.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }

    private async Task FillAsync(int number)
    {
        var prefix = number.ToString("0000", CultureInfo.InvariantCulture) + "_";
        var assembly = typeof(OldDatabase).Assembly;
        foreach (var name in assembly.GetManifestResourceNames()
            .Where(name => name.Contains($".Migrations.{prefix}", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            var sql = Placeholder()
                .Replace(await reader.ReadToEndAsync(Cancel), match => Literal(match.Groups["kind"].Value, match.Groups["text"].Value));
            await _db.WriteAsync(session => session.ExecuteAsync(sql), Cancel);
        }
    }

    private string Literal(string kind, string text) => kind switch
    {
        "newline" => _db.Dialect.SingleProcess ? "char(10)" : "chr(10)",
        "bytes" => Bytes(Encoding.UTF8.GetBytes(text)),
        "hash" => Bytes(TokenSecret.Hash(text == "ada" ? Token : text)),
        "sha256" => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
        "repeat" when text.Split(':') is [var letter, var times] =>
            $"'{new string(letter[0], int.Parse(times, CultureInfo.InvariantCulture))}'",
        _ => throw new ArgumentException($"no such placeholder: {kind}", nameof(kind)),
    };

    private string Bytes(byte[] bytes) =>
        _db.Dialect.SingleProcess ? $"x'{Convert.ToHexString(bytes)}'" : $"'\\x{Convert.ToHexString(bytes)}'::bytea";

    [GeneratedRegex(@"\{(?<kind>newline|bytes|hash|sha256|repeat)(?::(?<text>[^}]*))?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholder();
}
