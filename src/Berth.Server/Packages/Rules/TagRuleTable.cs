using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages.Rules;

/// <summary>A stored rule without its allowances.</summary>
internal sealed record TagRuleRow
{
    public long Id { get; init; }

    public long? OwnerId { get; init; }

    public string Pattern { get; init; } = "";

    public bool Immutable { get; init; }

    public bool Restricted { get; init; }

    public string CreatedBy { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A rule, and who made it when.</summary>
internal sealed record StoredRule(TagRule Rule, string CreatedBy, DateTimeOffset CreatedAt);

/// <summary>Rules about tags, of accounts and packages, and the versions of removed tags that they kept.</summary>
internal static class TagRuleTable
{
    private const string Select =
        "select r.id, r.owner_id, r.pattern, r.immutable, r.restricted, r.created_by, r.created_at from push_rules r";

    /// <summary>The rules that apply to a package: its owner's and its own.</summary>
    public static async Task<List<TagRule>> InForceAsync(DbSession session, long packageId) =>
        (await OfPackageAsync(session, packageId)).ConvertAll(stored => stored.Rule);

    /// <inheritdoc cref="InForceAsync"/>
    public static async Task<List<StoredRule>> OfPackageAsync(DbSession session, long packageId) => await WithAllowancesAsync(
        session,
        await session.QueryAsync<TagRuleRow>(
            $"""
             {Select} where r.package_id = @packageId or r.owner_id = (select p.owner_id from packages p where p.id = @packageId)
             order by r.id
             """,
            new { packageId }));

    /// <summary>The rules of an account for all its packages.</summary>
    public static async Task<List<StoredRule>> OfOwnerAsync(DbSession session, long ownerId) => await WithAllowancesAsync(
        session, await session.QueryAsync<TagRuleRow>($"{Select} where r.owner_id = @ownerId order by r.id", new { ownerId }));

    /// <summary>The rules that name a repository, with the owner whose log records a change of them.</summary>
    public static Task<List<TouchedRule>> NamingAsync(DbSession session, long repositoryId) => session.QueryAsync<TouchedRule>(
        """
        select r.id, coalesce(r.owner_id, p.owner_id) as owner_id, a.login as owner, p.type, p.name
        from push_rules r left join packages p on p.id = r.package_id join accounts a on a.id = coalesce(r.owner_id, p.owner_id)
        where exists (select 1 from push_rule_allowances l where l.rule_id = r.id and l.repository_id = @repositoryId) order by r.id
        """,
        new { repositoryId });

    /// <summary>A rule of exactly this account or package. Null when it has no such rule.</summary>
    public static async Task<StoredRule?> FindAsync(DbSession session, RulePlace place, long id) => (await WithAllowancesAsync(
        session,
        await session.QueryAsync<TagRuleRow>(
            $"{Select} where r.id = @id and (r.owner_id = @owner or r.package_id = @package)",
            new { id, owner = place.OwnerKey, package = place.PackageId ?? 0 }))).FirstOrDefault();

    public static Task<long> CountAsync(DbSession session, RulePlace place) => session.SingleAsync<long>(
        "select count(*) from push_rules where owner_id = @owner or package_id = @package",
        new { owner = place.OwnerKey, package = place.PackageId ?? 0 });

    public static async Task<long> InsertAsync(DbSession session, RulePlace place, TagRule rule, string login, DateTimeOffset now)
    {
        var id = await session.SingleAsync<long>(
            """
            insert into push_rules (owner_id, package_id, pattern, immutable, restricted, created_by, created_at)
            values (@ownerId, @packageId, @pattern, @immutable, @restricted, @login, @now) returning id
            """,
            new
            {
                ownerId = place.PackageId is null ? place.OwnerId : (long?)null,
                packageId = place.PackageId,
                pattern = rule.Pattern,
                immutable = rule.Immutable,
                restricted = rule.Allow is not null,
                login,
                now,
            });
        foreach (var one in rule.Allow ?? [])
        {
            await session.ExecuteAsync(
                """
                insert into push_rule_allowances (rule_id, role, team_id, repository_id, ref, environment)
                values (@id, @role, @teamId, @repositoryId, @gitRef, @environment)
                """,
                new
                {
                    id,
                    role = one.Role == Role.None ? null : one.Role.Name(),
                    teamId = one.TeamId,
                    repositoryId = one.RepositoryId,
                    gitRef = one.Ref,
                    environment = one.Environment,
                });
        }

        return id;
    }

    public static Task DeleteAsync(DbSession session, long id) =>
        session.ExecuteAsync("delete from push_rules where id = @id", new { id });

    /// <summary>Removes the repository from rules. The rules stay, as strict as they were.</summary>
    public static Task DropRepositoryAsync(DbSession session, long repositoryId) =>
        session.ExecuteAsync("delete from push_rule_allowances where repository_id = @repositoryId", new { repositoryId });

    /// <summary>Where the tag is, and where it was if it was removed despite a rule.</summary>
    public static async Task<TagChange> ChangeAsync(DbSession session, long packageId, string tag, string? to)
    {
        var from = await session.FirstOrDefaultAsync<string>(
            """
            select v.name from tags t join package_versions v on v.id = t.version_id where t.package_id = @packageId and t.name = @tag
            """,
            new { packageId, tag });
        var spent = await session.FirstOrDefaultAsync<string>(
            "select version from spent_tags where package_id = @packageId and name = @tag", new { packageId, tag });
        return new TagChange(tag, from, to, spent);
    }

    /// <summary>Remembers where a tag was that is removed although a rule keeps it.</summary>
    public static Task SpendAsync(DbSession session, long packageId, string tag, string version, DateTimeOffset now) =>
        session.ExecuteAsync(
            """
            insert into spent_tags (package_id, name, version, spent_at) values (@packageId, @tag, @version, @now)
            on conflict (package_id, name) do update set version = @version, spent_at = @now
            """,
            new { packageId, tag, version, now });

    /// <summary>Forgets where tags were that no rule keeps any more.</summary>
    public static async Task ForgetAsync(DbSession session, RulePlace place)
    {
        var spent = await session.QueryAsync<SpentTag>(
            """
            select s.package_id, s.name from spent_tags s join packages p on p.id = s.package_id
            where p.id = @package or (@package = 0 and p.owner_id = @owner)
            """,
            new { package = place.PackageId ?? 0, owner = place.OwnerId });
        foreach (var package in spent.GroupBy(tag => tag.PackageId))
        {
            var rules = await InForceAsync(session, package.Key);
            foreach (var tag in package.Where(tag => !rules.Exists(rule => rule.Immutable && rule.Covers(tag.Name))))
            {
                await session.ExecuteAsync(
                    "delete from spent_tags where package_id = @PackageId and name = @Name", new { tag.PackageId, tag.Name });
            }
        }
    }

    /// <summary>For a version that would be removed: its tags, and those of the indexes that would break without it.</summary>
    public static Task<List<HeldTag>> HoldingAsync(DbSession session, long packageId, long versionId) => session.QueryAsync<HeldTag>(
        """
        with recursive above (id) as (
            select v.id from package_versions v where v.id = @versionId and v.deleted_at is null
            union
            select p.id from above a cross join package_versions v cross join manifest_children c cross join package_versions p
            where v.id = a.id and c.digest = v.name and p.id = c.version_id and p.package_id = @packageId and p.deleted_at is null
        )
        select t.name as tag, v.name as version, v.id as version_id from above a join tags t on t.version_id = a.id
        join package_versions v on v.id = a.id order by t.name
        """,
        new { packageId, versionId });

    /// <summary>The tags that a deleted version would bring back.</summary>
    public static Task<List<string>> DeletedTagsAsync(DbSession session, long packageId, long versionId) => session.QueryAsync<string>(
        """
        select d.name from deleted_tags d where d.version_id = @versionId
          and not exists (select 1 from tags t where t.package_id = @packageId and t.name = d.name) order by d.name
        """,
        new { packageId, versionId });

    public static Task<PackageName?> PackageAsync(DbSession session, long packageId) => session.FirstOrDefaultAsync<PackageName>(
        "select p.owner_id, a.login as owner, p.type, p.name from packages p join accounts a on a.id = p.owner_id where p.id = @packageId",
        new { packageId });

    public static async Task<IReadOnlyCollection<long>> TeamsAsync(DbSession session, long userId) =>
        (await session.QueryAsync<long>("select team_id from team_members where user_id = @userId", new { userId })).ToHashSet();

    private static async Task<List<StoredRule>> WithAllowancesAsync(DbSession session, List<TagRuleRow> rows)
    {
        var allowances = rows.Exists(row => row.Restricted)
            ? (await session.QueryAsync<AllowanceRow>(
                """
                select l.rule_id, l.role, l.team_id, t.slug as team, l.repository_id, o.login || '/' || x.name as repository, l.ref,
                  l.environment
                from push_rule_allowances l left join teams t on t.id = l.team_id left join repositories x on x.id = l.repository_id
                left join accounts o on o.id = x.owner_id where l.rule_id in @ids order by l.id
                """,
                new { ids = rows.ConvertAll(row => row.Id).ToArray() })).ToLookup(row => row.RuleId)
            : null;
        return rows.ConvertAll(
            row => new StoredRule(
                new TagRule
                {
                    Id = row.Id,
                    OfOwner = row.OwnerId is not null,
                    Pattern = row.Pattern,
                    Immutable = row.Immutable,
                    Allow = row.Restricted ? [.. allowances![row.Id].Select(one => one.Allowance)] : null,
                },
                row.CreatedBy, row.CreatedAt));
    }

    private sealed record AllowanceRow
    {
        public long RuleId { get; init; }

        public string? Role { get; init; }

        public long? TeamId { get; init; }

        public string? Team { get; init; }

        public long? RepositoryId { get; init; }

        public string? Repository { get; init; }

        public string? Ref { get; init; }

        public string? Environment { get; init; }

        public TagAllowance Allowance => new()
        {
            Role = RoleNames.TryParse(Role, out var role) ? role : Access.Role.None,
            TeamId = TeamId,
            Team = Team,
            RepositoryId = RepositoryId,
            Repository = Repository,
            Ref = Ref,
            Environment = Environment,
        };
    }

    private sealed record SpentTag
    {
        public long PackageId { get; init; }

        public string Name { get; init; } = "";
    }
}

/// <summary>The names of a package, live or not.</summary>
internal sealed record PackageName
{
    public long OwnerId { get; init; }

    public string Owner { get; init; } = "";

    public string Type { get; init; } = "";

    public string Name { get; init; } = "";

    public PackageAddress Address => new(Owner, Type, Name);
}

/// <summary>A rule that changes as a consequence, and its owner.</summary>
internal sealed record TouchedRule
{
    public long Id { get; init; }

    public long OwnerId { get; init; }

    public string Owner { get; init; } = "";

    /// <summary>Null: a rule of the owner, for all packages.</summary>
    public string? Type { get; init; }

    public string? Name { get; init; }
}
