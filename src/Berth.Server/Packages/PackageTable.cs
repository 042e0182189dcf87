using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages;

/// <summary>A package as stored, with its owner and the number of its live versions.</summary>
internal sealed record PackageDetails
{
    public long Id { get; init; }

    public long OwnerId { get; init; }

    public string OwnerLogin { get; init; } = "";

    public bool OwnerIsOrganization { get; init; }

    public string Type { get; init; } = "";

    public string Name { get; init; } = "";

    public string Visibility { get; init; } = "private";

    public long? RepositoryId { get; init; }

    public bool InheritsAccess { get; init; }

    public long VersionCount { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public long? Pulls { get; init; }

    public DateTimeOffset? LastPulledAt { get; init; }

    public PackageAddress Address => new(OwnerLogin, Type, Name);
}

/// <summary>Reads packages. <see cref="Changes.PackageChanges"/> writes them.</summary>
internal static class PackageTable
{
    /// <summary>
    /// The full name of a package <c>p</c> of the account <c>a</c>, in the form of <see cref="PackageAddress.ToString"/>.
    /// </summary>
    public const string FullName = "case when p.type = 'npm' then '@' else '' end || a.login || '/' || p.name";

    private const string Select = """
        select p.id, p.owner_id, a.login as owner_login, (a.kind = 'organization') as owner_is_organization, p.type, p.name, p.visibility,
               p.repository_id, p.inherits_access, p.created_at, p.updated_at,
               (select count(*) from package_versions v where v.package_id = p.id and v.deleted_at is null) as version_count,
               c.pulls, c.last_pulled_at
        from packages p join accounts a on a.id = p.owner_id left join package_pulls c on c.package_id = p.id
        """;

    public static Task<PackageDetails?> FindAsync(DbSession session, long id) =>
        session.FirstOrDefaultAsync<PackageDetails>($"{Select} where p.id = @id and p.state = 'live'", new { id });

    /// <summary>Null when the package is gone.</summary>
    public static Task<PackageAddress?> AddressAsync(DbSession session, long id) => session.FirstOrDefaultAsync<PackageAddress>(
        """
        select a.login as owner, p.type, p.name from packages p join accounts a on a.id = p.owner_id
        where p.id = @id and p.state = 'live'
        """,
        new { id });

    /// <summary>
    /// One owner's live packages of a type, the newest first. If <paramref name="visibility"/> is null, packages of any visibility.
    /// </summary>
    public static Task<List<PackageDetails>> OfOwnerAsync(DbSession session, long ownerId, string type, string? visibility) =>
        session.QueryAsync<PackageDetails>(
            $"""
             {Select} where p.owner_id = @ownerId and p.type = @type and p.state = 'live'
                and (cast(@visibility as text) is null or p.visibility = @visibility)
             order by p.id desc
             """,
            new { ownerId, type, visibility });

    /// <summary>The package that was deleted last under this name and can still be restored.</summary>
    public static Task<long?> DeletedAsync(DbSession session, long ownerId, PackageAddress address, DateTimeOffset since) =>
        session.FirstOrDefaultAsync<long?>(
            """
            select id from packages
            where owner_id = @ownerId and type = @type and name = @name and state = 'deleted' and deleted_at >= @since
            order by deleted_at desc, id desc limit 1
            """,
            new { ownerId, type = address.Type, name = address.Name, since });
}
