using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Packages.Retention;

internal sealed record RunRow
{
    public long Id { get; init; }

    public string Package { get; init; } = "";

    public string Cause { get; init; } = "";

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public long Removed { get; init; }

    public RetentionRun ToWire(IReadOnlyList<RetentionRemoval>? removals = null) => new()
    {
        Id = Id,
        Package = Package,
        Cause = Cause,
        StartedAt = StartedAt,
        FinishedAt = FinishedAt,
        Removed = (int)Removed,
        Removals = removals,
    };
}

/// <summary>What each run removed, and why.</summary>
internal static class RetentionRunTable
{
    private const string Select = $"""
        select r.id, {PackageTable.FullName} as package, r.cause, r.started_at, r.finished_at, r.removed
        from retention_runs r join packages p on p.id = r.package_id join accounts a on a.id = p.owner_id
        """;

    public static Task<long> BeginAsync(DbSession session, long packageId, string cause, string actor, DateTimeOffset now) =>
        session.SingleAsync<long>(
            """
            insert into retention_runs (package_id, cause, actor, started_at) values (@packageId, @cause, @actor, @now) returning id
            """,
            new { packageId, cause, actor, now });

    public static async Task AddAsync(DbSession session, long runId, IReadOnlyList<PlannedRemoval> removals)
    {
        foreach (var removal in removals)
        {
            await session.ExecuteAsync(
                "insert into retention_removals (run_id, version_id, version, tags, reason) values (@runId, @id, @version, @tags, @reason)",
                new
                {
                    runId,
                    id = removal.Version.Id,
                    version = removal.Version.Name,
                    tags = string.Join(' ', removal.Version.Tags),
                    reason = removal.Reason,
                });
        }

        await session.ExecuteAsync(
            "update retention_runs set removed = removed + @count where id = @runId", new { runId, count = removals.Count });
    }

    public static Task FinishAsync(DbSession session, long runId, DateTimeOffset now) =>
        session.ExecuteAsync("update retention_runs set finished_at = @now where id = @runId", new { runId, now });

    public static Task<int> ForgetAsync(DbSession session, DateTimeOffset before) =>
        session.ExecuteAsync("delete from retention_runs where started_at < @before", new { before });

    /// <summary>The runs of one package or of all packages of an account, the newest first.</summary>
    public static async Task<Page<RunRow>> ListAsync(DbSession session, long? packageId, long? ownerId, Paging paging)
    {
        var parameters = new { package = packageId ?? 0, owner = ownerId ?? 0, size = paging.Size, offset = paging.Offset };
        const string Where = "where (@package = 0 or r.package_id = @package) and (@owner = 0 or p.owner_id = @owner)";
        var total = await session.SingleAsync<long>(
            $"select count(*) from retention_runs r join packages p on p.id = r.package_id {Where}", parameters);
        var rows = await session.QueryAsync<RunRow>($"{Select} {Where} order by r.id desc limit @size offset @offset", parameters);
        return new Page<RunRow>(rows, total);
    }

    /// <summary>Reads a run with everything that it removed.</summary>
    public static async Task<RetentionRun?> FindAsync(DbSession session, long packageId, long id) =>
        await session.FirstOrDefaultAsync<RunRow>($"{Select} where r.id = @id and r.package_id = @packageId", new { id, packageId })
            is { } run
            ? run.ToWire([
                .. (await session.QueryAsync<RemovalRow>(
                    "select version_id, version, tags, reason from retention_removals where run_id = @id order by version_id",
                    new { id }))
                    .Select(row => new RetentionRemoval(
                        row.VersionId, row.Version, row.Tags.Split(' ', StringSplitOptions.RemoveEmptyEntries), row.Reason)),
            ])
            : null;

    private sealed record RemovalRow
    {
        public long VersionId { get; init; }

        public string Version { get; init; } = "";

        public string Tags { get; init; } = "";

        public string Reason { get; init; } = "";
    }
}
