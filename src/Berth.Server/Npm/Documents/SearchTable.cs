using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Npm.Documents;

/// <summary>What a search says about one package: its latest version, and its owner.</summary>
internal sealed record FoundRow
{
    public long PackageId { get; init; }

    public string Owner { get; init; } = "";

    public string Name { get; init; } = "";

    public string Version { get; init; } = "";

    public string? Publisher { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>JSON.</summary>
    public string Manifest { get; init; } = "";
}

/// <summary>
/// Finds packages by words. It reads each by the version that <c>latest</c> is on, or else the one that was published last.
/// </summary>
internal static class SearchTable
{
    /// <summary>More than people type, and few enough for one statement.</summary>
    private const int MostWords = 16;

    private const string Latest = """
        coalesce(
          (select t.version_id from tags t where t.package_id = p.id and t.name = 'latest'),
          (select max(l.id) from package_versions l where l.package_id = p.id and l.deleted_at is null))
        """;

    /// <summary>
    /// Packages whose name, description or keywords contain all words. First comes the one with exactly this name, then those whose names
    /// contain the first word, then the others, each group by name.
    /// </summary>
    public static PackageSearch Of(string text)
    {
        var words = text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(MostWords).ToList();
        var parameters = words.Select((word, i) => (Name: $"word{i}", Word: (object)$"%{Escaped(word)}%"))
            .ToDictionary(word => word.Name, word => word.Word, StringComparer.Ordinal);
        parameters["exact"] = words.FirstOrDefault("");
        parameters["inName"] = $"%{Escaped(words.FirstOrDefault(""))}%";
        var all = string.Concat(words.Select((_, i) => $" and s.text like @word{i} escape '!'"));
        return new PackageSearch(
            $"""
             exists (select 1 from (
               select '@' || a.folded || '/' || p.name || ' '
                 || coalesce((select w.words from npm_words w where w.version_id = v.id), '') as text
               from package_versions v where v.id = {Latest}) s where 1 = 1{all})
             """,
            """
            case when p.name = @exact or '@' || a.folded || '/' || p.name = @exact then 0
              when p.name like @inName escape '!' then 1 else 2 end, a.folded || '/' || p.name
            """,
            parameters);
    }

    /// <summary>In the order of the ids.</summary>
    public static async Task<List<FoundRow>> LatestAsync(DbSession session, IReadOnlyList<long> ids)
    {
        var rows = await session.QueryAsync<FoundRow>(
            $"""
             select p.id as package_id, a.login as owner, p.name, v.name as version, n.publisher, v.created_at, n.manifest
             from packages p join accounts a on a.id = p.owner_id join package_versions v on v.id = {Latest}
             join npm_versions n on n.version_id = v.id where p.id in @ids
             """,
            new { ids = ids.ToArray() });
        return [.. ids.Join(rows, id => id, row => row.PackageId, (_, row) => row)];
    }

    private static string Escaped(string word) => word.Replace("!", "!!", StringComparison.Ordinal)
        .Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
}
