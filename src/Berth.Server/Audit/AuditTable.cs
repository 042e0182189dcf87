using System.Globalization;
using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Audit;

/// <summary>A place in the log. Table and number distinguish entries of the same moment.</summary>
internal sealed record AuditPlace(long At, int Source, long Id)
{
    public static bool TryParse(string text, out AuditPlace? place)
    {
        var parts = text.Split('-');
        place = parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var source)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? new AuditPlace(at, source, id)
            : null;
        return place is not null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}-{Source}-{Id}");
}

/// <summary>Which entries to read, and how many.</summary>
internal sealed record AuditQuery(AuditPhrase Phrase)
{
    /// <summary>The entries of one namespace. Null: all.</summary>
    public long? OwnerId { get; init; }

    /// <summary>Adds what this principal did anywhere.</summary>
    public string? OrActor { get; init; }

    /// <summary>True: only reads. False: only actions. Null: both.</summary>
    public bool? Reads { get; init; }

    public bool NewestFirst { get; init; } = true;

    /// <summary>Only entries after this one in that order.</summary>
    public AuditPlace? After { get; init; }

    public required int Most { get; init; }
}

/// <summary>Reads the log as one list, from what packages recorded and what else was recorded.</summary>
internal static class AuditTable
{
    /// <summary>The action of somebody who only read.</summary>
    public const string Download = "packages.version_download";

    private static readonly string Columns =
        $"e.id, e.at, e.kind, e.owner_id, e.owner, {ActorColumns.OfAlias("e")}, e.type, e.name, e.version, e.tag, e.subject, e.old_value, "
            + "e.new_value, e.repository_id";

    private static readonly string Packages =
        $"select {Columns}, o.login || '/' || r.name as repository, 0 as source from package_events e "
            + "left join repositories r on r.id = e.repository_id left join accounts o on o.id = r.owner_id";

    private static readonly string Others = $"select {Columns}, e.repository, 1 as source from audit_events e";

    public static Task<List<AuditRow>> ReadAsync(DbSession session, AuditQuery query)
    {
        var order = query.NewestFirst ? "desc" : "asc";
        List<string> parts = [];
        if (query.Reads != true && KindOf(query.Phrase.Action) is not "")
        {
            parts.Add($"select * from ({Packages}{Where(query, 0)} order by e.at {order}, e.id {order} limit @most) p");
        }

        // Read the two kinds separately, so that each is found by its own index. There may be a thousand times as many pulls as other
        // entries.
        string Part(bool reads) =>
            $"{Others}{Where(query, 1)} and {WhetherRead(reads)} order by e.at {order}, e.id {order} limit @most";
        if (query.Reads != true)
        {
            parts.Add($"select * from ({Part(reads: false)}) a");
        }

        if (query.Reads != false)
        {
            parts.Add($"select * from ({Part(reads: true)}) r");
        }

        return session.QueryAsync<AuditRow>(
            $"select * from ({string.Join(" union all ", parts)}) l order by at {order}, source {order}, id {order} limit @most",
            new
            {
                most = query.Most,
                ownerId = query.OwnerId,
                orActor = query.OrActor,
                tokenId = query.Phrase.TokenId,
                actor = query.Phrase.Actor,
                repository = query.Phrase.Repository,
                package = query.Phrase.Package,
                from = query.Phrase.From,
                until = query.Phrase.Until,
                kind = KindOf(query.Phrase.Action),
                action = query.Phrase.Action,
                category = query.Phrase.Action + ".",
                categoryLength = query.Phrase.Action?.Length + 1,
                afterAt = query.After?.At,
                afterId = query.After?.Id,
            });
    }

    /// <summary>The entries of one of the two tables, after a given one.</summary>
    public static Task<List<AuditRow>> AfterAsync(DbSession session, int source, long position, int most) =>
        session.QueryAsync<AuditRow>(
            $"{(source == 0 ? Packages : Others)} where e.id > @position order by e.id limit @most", new { position, most });

    public static Task<long> LastIdAsync(DbSession session, int source) => session.SingleAsync<long>(
        $"select coalesce(max(id), 0) from {(source == 0 ? "package_events" : "audit_events")}");

    /// <summary>The text is literal, so that it matches the conditions of indexes.</summary>
    public static string WhetherRead(bool read) => $"kind {(read ? "=" : "<>")} '{Download}'";

    /// <summary>GitHub's name for a change of a package, where it has one.</summary>
    public static string ActionOf(string kind) => "packages." + kind switch
    {
        "created" => "package_published",
        "deleted" => "package_deleted",
        "restored" => "package_restored",
        "version_published" => "package_version_published",
        "version_deleted" => "package_version_deleted",
        "version_restored" => "package_version_restored",
        _ => kind,
    };

    /// <summary>The kinds that packages record under an action. Null: all kinds. Empty: none.</summary>
    private static string? KindOf(string? action) => action switch
    {
        null or "packages" => null,
        "packages.package_published" => "created",
        "packages.package_deleted" => "deleted",
        "packages.package_restored" => "restored",
        "packages.package_version_published" => "version_published",
        "packages.package_version_deleted" => "version_deleted",
        "packages.package_version_restored" => "version_restored",
        _ => action.StartsWith("packages.", StringComparison.Ordinal) ? action["packages.".Length..] : "",
    };

    /// <summary>There are only as many texts as there are sets of conditions.</summary>
    private static string Where(AuditQuery query, int source)
    {
        var phrase = query.Phrase;
        List<string> conditions = [];
        void When(bool asked, string condition)
        {
            if (asked)
            {
                conditions.Add(condition);
            }
        }

        When(query.OwnerId is not null, query.OrActor is null ? "e.owner_id = @ownerId" : "(e.owner_id = @ownerId or e.actor = @orActor)");
        When(phrase.TokenId is not null, "e.token_id = @tokenId");
        When(phrase.Actor is not null, "lower(e.actor_name) = lower(@actor)");
        When(phrase.Repository is not null, source == 0
            ? "lower(o.login || '/' || r.name) = lower(@repository)"
            : "lower(e.repository) = lower(@repository)");
        When(phrase.Package is not null, "e.name = @package");
        When(phrase.From is not null, "e.at >= @from");
        When(phrase.Until is not null, "e.at < @until");
        When(phrase.Action is not null && (source == 1 || KindOf(phrase.Action) is not null), source == 0
            ? "e.kind = @kind"
            : "(e.kind = @action or substr(e.kind, 1, @categoryLength) = @category)");
        if (query.After is { } place)
        {
            // Entries of the same moment from the other table are all before it, or all after it.
            var beyond = query.NewestFirst ? "<" : ">";
            var within = source == place.Source ? $"e.id {beyond} @afterId"
                : source < place.Source == query.NewestFirst ? "1 = 1" : "1 = 0";
            conditions.Add($"e.at {beyond}= @afterAt and (e.at {beyond} @afterAt or {within})");
        }

        return " where " + (conditions.Count == 0 ? "1 = 1" : string.Join(" and ", conditions));
    }
}
