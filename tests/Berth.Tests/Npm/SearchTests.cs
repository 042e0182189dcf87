using System.Net;
using Berth.Server.Database;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Npm;

/// <summary><c>npm search</c> finds what the caller may read, by name, description and keywords.</summary>
public sealed class SearchTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task All_words_stand_in_name_description_or_keywords_of_the_latest_version()
    {
        var ada = await shared.Server.UserAsync();
        await ada.PublishAsync($"@{ada.Login}/paint", extra: ""","description":"Draws 100% Circles","keywords":["canvas","svg"]""");
        await ada.PublishAsync($"@{ada.Login}/circles", extra: ""","description":"nothing"  """);
        await ada.PublishAsync($"@{ada.Login}/other", extra: ""","description":"paint for circles" """);
        Assert.Equal(["circles", "other", "paint"], await NamesAsync(ada, "circles"));
        Assert.Equal(["paint"], await NamesAsync(ada, "CIRCLES canvas"));
        Assert.Equal(["paint"], await NamesAsync(ada, "100%"));
        Assert.Empty(await NamesAsync(ada, "1_0"));
        Assert.Empty(await NamesAsync(ada, "circles elsewhere"));
        Assert.Equal(["circles", "other", "paint"], await NamesAsync(ada, $"@{ada.Login}/"));

        // Words that are no longer in the latest version are not found.
        await ada.PublishAsync($"@{ada.Login}/paint", "1.1.0", extra: ""","description":"Draws squares","keywords":["canvas"]""");
        Assert.Equal(["circles", "other"], await NamesAsync(ada, "circles"));
        await ada.PublishAsync($"@{ada.Login}/circles", "1.1.0-rc.1", extra: ""","description":"canvas" """, tag: "next");
        Assert.Equal(["paint"], await NamesAsync(ada, "canvas"));
        var shown = (await ada.CallAsync("GET", "/npm/-/v1/search?text=squares"))["objects"][0].GetProperty("package");
        Assert.Equal(
            ($"@{ada.Login}/paint", "1.1.0", "Draws squares", "canvas", ada.Login),
            (
                shown.GetProperty("name").GetString(), shown.GetProperty("version").GetString(),
                shown.GetProperty("description").GetString(), shown.GetProperty("keywords")[0].GetString(),
                shown.GetProperty("publisher").GetProperty("username").GetString()));
    }

    [Fact]
    public async Task Only_what_the_caller_may_read_is_found_and_counted()
    {
        var ada = await shared.Server.UserAsync();
        var bob = await shared.Server.UserAsync("bob");
        var word = Persons.Unique("word");
        foreach (var name in new[] { "open", "closed", "gone", "empty" })
        {
            await ada.PublishAsync($"@{ada.Login}/{name}", extra: $$""","keywords":["{{word}}"]""");
        }

        await ada.DoAsync("PATCH", "/user/packages/npm/open", """{"visibility":"public"}""");
        await ada.DoAsync("DELETE", "/user/packages/npm/gone");
        await ada.DoAsync("PUT", $"/user/packages/npm/{word}", "{}");
        foreach (var (person, expected) in new[]
        {
            (ada, new[] { "closed", "empty", "open" }), (bob, ["open"]), (shared.Server.Nobody(), ["open"]),
        })
        {
            var found = await person.CallAsync("GET", $"/npm/-/v1/search?text={word}");
            Assert.Equal(HttpStatusCode.OK, found.Status);
            Assert.Equal(expected.Length, found["total"].GetInt32());
            Assert.Equal(expected, await NamesAsync(person, word));
        }
    }

    [Fact]
    public async Task A_search_of_ten_thousand_packages_is_a_few_statements()
    {
        const int Many = 10_000;
        await using var server = await BerthServer.StartAsync();
        var ada = await server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var bob = await server.UserAsync("bob");
        await ada.DoAsync("PUT", $"/orgs/{acme}/memberships/{bob.Login}", """{"role":"member"}""");
        await ada.PublishAsync($"@{acme}/p0", extra: ""","description":"needle in it" """);
        await ada.DoAsync("PATCH", $"/orgs/{acme}/packages/npm/p0", """{"visibility":"internal"}""");
        var db = server.Services.GetRequiredService<Db>();
        await db.WriteAsync(
            async session =>
            {
                foreach (var copy in new[]
                {
                    """
                    with recursive n (i) as (select 1 union all select i + 1 from n where i < @Many - 1)
                    insert into packages (owner_id, type, name, state, visibility, inherits_access, ever_linked, created_by, created_at,
                      updated_at)
                    select owner_id, type, 'p' || n.i, state, visibility, inherits_access, ever_linked, created_by, created_at, updated_at
                    from packages, n where name = 'p0'
                    """,
                    """
                    insert into package_versions (package_id, name, created_by, created_at, updated_at)
                    select p.id, '1.0.0', p.created_by, p.created_at, p.updated_at from packages p where p.type = 'npm' and p.name <> 'p0'
                    """,
                    """
                    insert into tags (package_id, name, version_id, created_at, updated_at)
                    select v.package_id, 'latest', v.id, v.created_at, v.created_at from package_versions v
                    where not exists (select 1 from tags t where t.version_id = v.id)
                    """,
                    """
                    insert into npm_words (version_id, words)
                    select v.id, 'one of many, with some words about what it does' from package_versions v
                    where not exists (select 1 from npm_words w where w.version_id = v.id)
                    """,
                    """
                    insert into npm_versions (version_id, blob_id, shasum, integrity, size, unpacked_size, file_count, manifest)
                    select v.id, n.blob_id, n.shasum, n.integrity, n.size, n.unpacked_size, n.file_count, n.manifest
                    from package_versions v, npm_versions n where not exists (select 1 from npm_versions o where o.version_id = v.id)
                    """,
                })
                {
                    await session.ExecuteAsync(copy, new { Many });
                }
            },
            TestContext.Current.CancellationToken);
        foreach (var (text, total) in new[] { ("needle", 1), ("many words", Many - 1), ("", Many) })
        {
            var statements = 0;
            db.Listener = sql => statements += sql.Contains("from packages p", StringComparison.Ordinal) ? 1 : 0;
            var found = await bob.CallAsync("GET", $"/npm/-/v1/search?text={Uri.EscapeDataString(text)}");
            db.Listener = null;
            Assert.Equal(total, found["total"].GetInt32());
            Assert.Equal(Math.Min(20, total), found["objects"].GetArrayLength());

            // One statement finds the packages, one reads the page, and the rights are read for 500 packages at a time.
            Assert.Equal(2 + ((total + 499) / 500), statements);
        }
    }

    private static async Task<IEnumerable<string>> NamesAsync(Person person, string text) =>
        (await person.CallAsync("GET", $"/npm/-/v1/search?text={Uri.EscapeDataString(text)}"))["objects"].EnumerateArray()
            .Select(one => one.GetProperty("package").GetProperty("name").GetString()!.Split('/')[1]).ToList();
}
