using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Packages.Rules;

namespace Berth.Server.Packages.Changes;

/// <summary>The settings of a package.</summary>
internal sealed record PackageSettings(Visibility Visibility, RepositoryFacts? Repository, bool Inherits);

/// <summary>
/// The only writer of packages. Each method changes rows and records what happened in the same transaction. No other class writes the rows
/// of packages, of access to them, of versions and of tags. So nothing changes without an event, and no tag changes without asking its
/// rules.
/// </summary>
/// <param name="actor">A caller, or <see cref="Collector"/>.</param>
/// <param name="overriding">An administrator's decision that rules about tags give way. Null: there is none.</param>
internal sealed partial class PackageChanges(DbSession session, ChangeActor actor, DateTimeOffset now, TagOverride? overriding = null)
{
    /// <summary>The actor that removes what was kept long enough.</summary>
    public static readonly ChangeActor Collector = ChangeActor.Background("collector");

    /// <summary>The actor that removes what a policy says.</summary>
    public static readonly ChangeActor Retention = ChangeActor.Background("retention");

    private const string InsertEvent =
        $"insert into package_events (at, kind, {ActorColumns.Names}, "
            + "package_id, owner_id, owner, type, name, repository_id, version_id, version, tag, subject, old_value, new_value)";

    /// <summary>
    /// The values of the first columns, which say when, what and by whom. <see cref="HappenAsync"/> passes their parameters.
    /// </summary>
    private const string Who = "@now, @kind, " + ActorColumns.Values;

    /// <summary>Those values and the next six, for a package <c>p</c> and its owner's account <c>a</c>.</summary>
    private const string OfPackage = Who + ", p.id, p.owner_id, a.login, p.type, p.name, p.repository_id";

    private readonly TagGuard _guard = new(session, actor, now, overriding);

    /// <summary>
    /// Creates a package with its link, its visibility and the creator's own access. Null when somebody else created it a moment earlier.
    /// </summary>
    public async Task<long?> CreateAsync(Principal principal, OwnerFacts owner, PackageAddress address, PackageSettings settings)
    {
        var made = await session.FirstOrDefaultAsync<long?>(
            """
            insert into packages (owner_id, type, name, state, visibility, repository_id, inherits_access, ever_linked, created_by,
              created_at, updated_at)
            values (@ownerId, @type, @name, 'live', @visibility, @repositoryId, @inherits, @linked, @createdBy, @now, @now)
            on conflict (owner_id, type, name) where state = 'live' do nothing
            returning id
            """,
            new
            {
                ownerId = owner.Id,
                type = address.Type,
                name = address.Name,
                visibility = settings.Visibility.Name(),
                repositoryId = settings.Repository?.Id,
                inherits = settings.Inherits,
                linked = settings.Repository is not null,
                createdBy = principal.Key,
                now,
            });
        if (made is not { } id)
        {
            return null;
        }

        await RecordAsync(id, new(PackageEventKind.Created) { New = settings.Visibility.Name() });
        await RecordSettingsAsync(id, new PackageSettings(settings.Visibility, null, Inherits: false), settings);
        switch (principal)
        {
            case UserPrincipal user:
                await SetUserAsync(id, user.UserId, user.Login, Role.Admin);
                break;
            case WorkflowPrincipal workflow:
                await SetActionsAsync(id, workflow.RepositoryId, workflow.Repository, Role.Admin);
                break;
        }

        return id;
    }

    /// <summary>Renews the package's stamp when something is published or deleted in it.</summary>
    public Task TouchAsync(long id) => session.ExecuteAsync("update packages set updated_at = @now where id = @id", new { id, now });

    /// <summary>Changes visibility, link and inheritance. Once a link was set by hand, labels no longer link the package.</summary>
    public async Task SettleAsync(long id, PackageSettings old, PackageSettings settings)
    {
        await session.ExecuteAsync(
            """
            update packages set visibility = @visibility, repository_id = @repositoryId, inherits_access = @inherits,
                ever_linked = (ever_linked or @linked), updated_at = @now
            where id = @id
            """,
            new
            {
                id,
                visibility = settings.Visibility.Name(),
                repositoryId = settings.Repository?.Id,
                inherits = settings.Inherits,
                linked = settings.Repository is not null,
                now,
            });
        await RecordSettingsAsync(id, old, settings);
    }

    /// <summary>Sets the link that a published version asks for. Does nothing if the package ever had a link.</summary>
    public async Task LinkByLabelAsync(long id, RepositoryFacts repository)
    {
        var linked = await session.ExecuteAsync(
            "update packages set repository_id = @repositoryId, ever_linked = @yes, updated_at = @now where id = @id and ever_linked = @no",
            new { id, repositoryId = repository.Id, yes = true, no = false, now });
        if (linked > 0)
        {
            await RecordAsync(id, new(PackageEventKind.LinkChanged) { New = repository.FullName });
        }
    }

    /// <summary>Deletes the package softly. It is unreadable at once, and can be restored while it is kept.</summary>
    /// <exception cref="Http.ApiException">403: it has immutable tags.</exception>
    public async Task DeleteAsync(long id)
    {
        await _guard.DemandGoneAsync(id);
        var deleted = await session.ExecuteAsync(
            "update packages set state = 'deleted', deleted_at = @now, updated_at = @now where id = @id and state = 'live'",
            new { id, now });
        if (deleted > 0)
        {
            await RecordAsync(id, new(PackageEventKind.Deleted));
        }
    }

    public async Task RestoreAsync(long id)
    {
        await session.ExecuteAsync(
            "update packages set state = 'live', deleted_at = null, updated_at = @now where id = @id", new { id, now });
        await RecordAsync(id, new(PackageEventKind.Restored));
    }

    /// <summary>Deletes the row and everything below it for good. Bytes that nothing else uses are collected later.</summary>
    /// <exception cref="Http.ApiException">403: it has immutable tags.</exception>
    public async Task PurgeAsync(long id)
    {
        await _guard.DemandGoneAsync(id);
        await RecordAsync(id, new(PackageEventKind.Purged));
        await session.ExecuteAsync("delete from packages where id = @id", new { id });
    }

    private async Task RecordSettingsAsync(long id, PackageSettings old, PackageSettings settings)
    {
        if (old.Visibility != settings.Visibility)
        {
            await RecordAsync(
                id, new(PackageEventKind.VisibilityChanged) { Old = old.Visibility.Name(), New = settings.Visibility.Name() });
        }

        if (old.Repository?.Id != settings.Repository?.Id)
        {
            await RecordAsync(
                id, new(PackageEventKind.LinkChanged) { Old = old.Repository?.FullName, New = settings.Repository?.FullName });
        }

        if (old.Inherits != settings.Inherits)
        {
            await RecordAsync(id, new(PackageEventKind.InheritanceChanged) { Old = Switch(old.Inherits), New = Switch(settings.Inherits) });
        }
    }

    private static string Switch(bool on) => on ? "on" : "off";

    private Task RecordAsync(long packageId, PackageEvent happened) => HappenAsync(
        $"""
        {InsertEvent}
        select {OfPackage}, @VersionId, @Version, @Tag, @Subject, @Old, @New
        from packages p join accounts a on a.id = p.owner_id where p.id = @packageId
        """,
        new
        {
            packageId,
            happened.VersionId,
            happened.Version,
            happened.Tag,
            happened.Subject,
            happened.Old,
            happened.New,
        },
        happened.Kind);

    /// <summary>Runs a statement that inserts events.</summary>
    private Task<int> HappenAsync(string insert, object parameters, PackageEventKind kind) => session.ExecuteAsync(
        insert, parameters, new { now, kind = PackageEvent.Name(kind) }, ActorColumns.Of(actor));
}
