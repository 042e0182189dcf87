using System.Data.Common;
using Berth.Server;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Database;

/// <summary>A database of the release before the table of versions. Every row is there afterwards, including the awkward ones.</summary>
public sealed class VersionsMigrationTests : IAsyncLifetime
{
    private const int LastBefore = 5;
    private const string Prefix = "Berth.Server.Database.Migrations.";

    // A live index with its child, a deleted version with the digest of a live one, one without a creator, a tag of a deleted version, a
    // version of a deleted package, and empty content.
    private const string Awkward = """
        insert into accounts (id, kind, login, folded, created_at, updated_at) values (7, 'user', 'Ada', 'ada', 1, 1);
        insert into packages (id, owner_id, type, name, state, created_at, updated_at) values (3, 7, 'container', 'web', 'live', 1, 1);
        insert into packages (id, owner_id, type, name, state, created_at, updated_at, deleted_at)
          values (4, 7, 'container', 'old', 'deleted', 1, 2, 2);
        insert into blobs (id, digest, size, storage_key, created_at) values (9, 'sha256:b', 1, 'k', 1);
        insert into blob_links (package_id, blob_id, used_at, hidden) values (3, 9, 1, true);
        insert into manifests (id, package_id, digest, media_type, artifact_type, subject, annotations, size, created_by, created_at,
          updated_at, deleted_at) values
            (10, 3, 'sha256:a', 'm/deleted', null, null, null, 3, 'user:7', 1, 2, 5),
            (20, 3, 'sha256:a', 'm/live', 'art', 'sha256:subject', '{"é":"\"1"}', 4, null, 3, 4, null),
            (30, 3, 'sha256:i', 'm/index', null, null, null, 0, 'workflow:1', 3, 4, null),
            (40, 4, 'sha256:a', 'm/old', null, null, '', 5, 'user:99', 3, 4, null);
        insert into manifest_contents (manifest_id, content) select id, @content from manifests;
        insert into manifest_blobs (manifest_id, blob_id) values (10, 9), (20, 9);
        insert into manifest_children (manifest_id, digest) values (30, 'sha256:a'), (30, 'sha256:absent');
        insert into tags (package_id, name, manifest_id, created_at, updated_at) values (3, 'latest', 30, 1, 2);
        insert into deleted_tags (manifest_id, name) values (10, 'was');
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("berth-test-").FullName;
    private TestDatabase _database = null!;
    private WebApplication _server = null!;
    private Db _db = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateBlankAsync(_folder);
        _server = BerthApplication.Build(
            [$"--BERTH_DATA={_folder}", $"--BERTH_DATABASE={_database.Setting}", "--BERTH_URL=http://127.0.0.1:5000"]);
        _db = _server.Services.GetRequiredService<Db>();
        await using var connection = await _db.OpenAsync(Token);
        await MigrateAsync(connection);
        await connection.ExecuteAsync(Awkward, new { content = Array.Empty<byte>() });
        await _server.Services.GetRequiredService<Migrator>().RunAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Versions_keep_their_ids_and_everything_said_about_them() => Assert.Equal(
        [
            "10|3|sha256:a|user:7|1|2|5|m/deleted|||3",
            "20|3|sha256:a||3|4||m/live|art|sha256:subject|4",
            "30|3|sha256:i|workflow:1|3|4||m/index|||0",
            "40|4|sha256:a|user:99|3|4||m/old|||5",
        ],
        await RowsAsync(
            """
            select v.id || '|' || v.package_id || '|' || v.name || '|' || coalesce(v.created_by,
              '') || '|' || v.created_at || '|' || v.updated_at || '|'
                || coalesce(cast(v.deleted_at as text), '') || '|' || m.media_type || '|' || coalesce(m.artifact_type, '') || '|'
                || coalesce(m.subject, '') || '|' || m.size
            from package_versions v join manifests m on m.version_id = v.id order by v.id
            """));

    [Fact]
    public async Task Annotations_contents_and_parts_are_what_they_were()
    {
        Assert.Equal(
            ["20={\"é\":\"\\\"1\"}", "40="],
            await RowsAsync("select version_id || '=' || annotations from manifests where annotations is not null order by version_id"));
        Assert.Equal(
            ["10", "20", "30", "40"],
            await RowsAsync("select cast(version_id as text) from manifest_contents where length(content) = 0 order by version_id"));
        Assert.Equal(
            ["10", "20"], await RowsAsync("select cast(version_id as text) from version_blobs where blob_id = 9 order by version_id"));
        Assert.Equal(
            ["sha256:a", "sha256:absent"], await RowsAsync("select digest from manifest_children where version_id = 30 order by digest"));
        Assert.Equal(["latest=30"], await RowsAsync("select name || '=' || version_id from tags"));
        Assert.Equal(["was=10"], await RowsAsync("select name || '=' || version_id from deleted_tags"));
    }

    [Fact]
    public async Task Only_one_live_version_of_a_name_and_new_ids_are_new()
    {
        const string Insert = "insert into package_versions (package_id, name, created_at, updated_at) values (3, @name, 1, 1) returning "
            + "id";
        await Assert.ThrowsAnyAsync<DbException>(
            () => _db.WriteAsync(session => session.SingleAsync<long>(Insert, new { name = "sha256:a" }), Token));
        var known = new[] { 10L, 20, 30, 40 };
        Assert.DoesNotContain(
            await _db.WriteAsync(session => session.SingleAsync<long>(Insert, new { name = "sha256:new" }), Token), known);
    }

    [Fact]
    public async Task What_hangs_on_a_version_still_goes_with_it()
    {
        await _db.WriteAsync(session => session.ExecuteAsync("delete from packages where id = 3"), Token);
        Assert.Equal(
            ["manifests 1", "manifest_contents 1", "version_blobs 0", "manifest_children 0", "tags 0", "deleted_tags 0"],
            await RowsAsync(string.Join(
                " union all ",
                ((string[])["manifests", "manifest_contents", "version_blobs", "manifest_children", "tags", "deleted_tags"])
                    .Select(table => $"select '{table} ' || count(*) from {table}"))));
    }

    private async Task MigrateAsync(DbConnection connection)
    {
        await connection.ExecuteAsync(
            "create table migrations (number integer primary key, name text not null, applied_at bigint not null)");
        var assembly = typeof(Db).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            var name = resource[Prefix.Length..];
            var number = int.Parse(name[..4], System.Globalization.CultureInfo.InvariantCulture);
            if (number <= LastBefore)
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                await connection.ExecuteAsync(_db.Dialect.Translate(await reader.ReadToEndAsync(Token)));
                await connection.ExecuteAsync(
                    "insert into migrations (number, name, applied_at) values (@number, @name, 0)", new { number, name });
            }
        }
    }

    private Task<List<string>> RowsAsync(string sql) => _db.ReadAsync(session => session.QueryAsync<string>(sql), Token);
}
