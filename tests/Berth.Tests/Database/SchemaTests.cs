using System.Runtime.CompilerServices;

namespace Berth.Tests.Database;

/// <summary><c>docs/schema.sql</c> must be the result of the migrations. <c>script/schema</c> writes it.</summary>
public sealed class SchemaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_documented_schema_is_what_the_migrations_make()
    {
        var path = Path.Combine(ThisFolder(), "..", "..", "..", "docs", "schema.sql");
        var made = await WriteAsync();
#pragma warning disable RS0030 // The script says so through the environment.
        if (Environment.GetEnvironmentVariable("BERTH_WRITE_SCHEMA") == "1")
#pragma warning restore RS0030
        {
            await File.WriteAllTextAsync(path, made, Cancel);
        }

        Assert.True(
            made == await File.ReadAllTextAsync(path, Cancel), "docs/schema.sql is not what the migrations make: run script/schema");
    }

    private static async Task<string> WriteAsync()
    {
        var folder = Directory.CreateTempSubdirectory("berth-schema-");
        try
        {
            await using var db = BareDatabase.Open("sqlite:" + Path.Combine(folder.FullName, "berth.db"));
            await BareDatabase.Migrator(db).RunAsync(Cancel);
            var statements = await db.ReadAsync(
                session => session.QueryAsync<string>(
                    "select sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by tbl_name, case type when "
                        + "'table' then 0 else 1 end, name"),
                Cancel);
            return "-- Written by script/schema from src/Berth.Server/Database/Migrations, as SQLite has it.\n\n"
                + string.Concat(statements.Select(sql => sql + ";\n"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
