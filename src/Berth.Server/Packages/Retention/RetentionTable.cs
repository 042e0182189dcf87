using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Database;

namespace Berth.Server.Packages.Retention;

/// <summary>A stored policy.</summary>
internal sealed record PolicyRow
{
    public long? PackageId { get; init; }

    public string Policy { get; init; } = "";

    public DateTimeOffset UpdatedAt { get; init; }

    public RetentionPolicy Parsed => JsonSerializer.Deserialize(Policy, BerthJson.Wire.Of<RetentionPolicy>())!;

    public RetentionSetting ToWire() =>
        new() { Source = PackageId is null ? "owner" : "package", Policy = Parsed, UpdatedAt = UpdatedAt };
}

/// <summary>A package as people name it.</summary>
internal sealed record NamedPackage
{
    public long Id { get; init; }

    public string FullName { get; init; } = "";
}

/// <summary>Policies of accounts and packages.</summary>
internal static class RetentionTable
{
    public static Task<PolicyRow?> OfOwnerAsync(DbSession session, long ownerId) => session.FirstOrDefaultAsync<PolicyRow>(
        "select package_id, policy, updated_at from retention_policies where owner_id = @ownerId", new { ownerId });

    /// <summary>The policy that is set for exactly this account or package.</summary>
    public static Task<PolicyRow?> OwnAsync(DbSession session, long? ownerId, long? packageId) => session.FirstOrDefaultAsync<PolicyRow>(
        "select package_id, policy, updated_at from retention_policies where owner_id = @owner or package_id = @package",
        new { owner = ownerId ?? 0, package = packageId ?? 0 });

    /// <summary>The policy that applies to a package: its own, else its owner's.</summary>
    public static Task<PolicyRow?> InForceAsync(DbSession session, long packageId) => session.FirstOrDefaultAsync<PolicyRow>(
        """
        select r.package_id, r.policy, r.updated_at
        from packages p join retention_policies r on r.package_id = p.id or r.owner_id = p.owner_id
        where p.id = @packageId order by case when r.package_id is null then 1 else 0 end limit 1
        """,
        new { packageId });

    /// <param name="ownerId">Either this or <paramref name="packageId"/> is given. The other is null.</param>
    public static async Task SetAsync(
        DbSession session, long? ownerId, long? packageId, RetentionPolicy policy, string actor, DateTimeOffset now)
    {
        await DeleteAsync(session, ownerId, packageId);
        await session.ExecuteAsync(
            """
            insert into retention_policies (owner_id, package_id, policy, set_by, updated_at)
            values (@ownerId, @packageId, @policy, @actor, @now)
            """,
            new { ownerId, packageId, policy = JsonSerializer.Serialize(policy, BerthJson.Wire.Of<RetentionPolicy>()), actor, now });
    }

    public static async Task<bool> DeleteAsync(DbSession session, long? ownerId, long? packageId) => await session.ExecuteAsync(
        "delete from retention_policies where owner_id = @owner or package_id = @package",
        new { owner = ownerId ?? 0, package = packageId ?? 0 }) > 0;

    /// <summary>The live packages of an account that a policy applies to, or all of them, in the order of their names.</summary>
    public static async Task<Page<NamedPackage>> PageOfOwnerAsync(DbSession session, long ownerId, bool all, Paging paging)
    {
        const string Of = """
            from packages p join accounts a on a.id = p.owner_id where p.owner_id = @ownerId and p.state = 'live' and (@all = @yes
              or exists (select 1 from retention_policies r where r.package_id = p.id or r.owner_id = p.owner_id))
            """;
        var parameters = new { ownerId, all, yes = true, paging.Size, paging.Offset };
        return new Page<NamedPackage>(
            await session.QueryAsync<NamedPackage>(
                $"select p.id, {PackageTable.FullName} as full_name {Of} order by p.name, p.id limit @Size offset @Offset", parameters),
            await session.SingleAsync<long>($"select count(*) {Of}", parameters));
    }

    /// <summary>The live packages that a policy applies to, perhaps only those of one account or linked to one repository.</summary>
    public static Task<List<long>> PackagesAsync(DbSession session, long? ownerId = null, long? repositoryId = null) =>
        session.QueryAsync<long>(
            """
            select p.id from packages p where p.state = 'live' and (@owner = 0 or p.owner_id = @owner)
              and (@repository = 0 or p.repository_id = @repository)
              and exists (select 1 from retention_policies r where r.package_id = p.id or r.owner_id = p.owner_id)
            order by p.id
            """,
            new { owner = ownerId ?? 0, repository = repositoryId ?? 0 });
}
