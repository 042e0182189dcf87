using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>A container that the server made for a codespace.</summary>
internal sealed record RecordedContainer
{
    public string ContainerId { get; init; } = "";

    public string Role { get; init; } = "";
}

/// <summary>Records which container belongs to which codespace, and the secrets that starts write on their containers.</summary>
internal static class CodespaceContainerTable
{
    /// <summary>Secrets are kept this long, because an engine may finish a server's request long after that server has ended.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>The secret of a start; one that goes on after the server was killed keeps its own.</summary>
    public static Task BeginAsync(DbSession session, Codespace codespace, string secret, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into codespace_starts (secret, codespace, attempt, host, created_at) values (@secret, @Name, @Attempt, @Host, @now)
        on conflict (codespace, attempt) do nothing
        """,
        new { secret, codespace.Name, codespace.Attempt, codespace.Host, now });

    public static Task<string?> SecretAsync(DbSession session, Codespace codespace) => session.FirstOrDefaultAsync<string>(
        "select secret from codespace_starts where codespace = @Name and attempt = @Attempt", new { codespace.Name, codespace.Attempt });

    /// <summary>The secrets of every start of the codespace.</summary>
    public static Task<List<string>> SecretsAsync(DbSession session, Codespace codespace) =>
        session.QueryAsync<string>("select secret from codespace_starts where codespace = @Name", new { codespace.Name });

    public static Task RecordAsync(DbSession session, Codespace codespace, string container, string role) => session.ExecuteAsync(
        """
        insert into codespace_containers (container_id, codespace_id, role) select @container, id, @role from codespaces where id = @Id
        on conflict (container_id) do nothing
        """,
        new { container, codespace.Id, role });

    public static Task<List<RecordedContainer>> OfAsync(DbSession session, Codespace codespace) => session.QueryAsync<RecordedContainer>(
        "select container_id, role from codespace_containers where codespace_id = @Id order by container_id", new { codespace.Id });

    /// <summary>Forgets a container that is gone from the engine.</summary>
    public static Task ForgetAsync(DbSession session, string container) =>
        session.ExecuteAsync("delete from codespace_containers where container_id = @container", new { container });

    /// <summary>The names of a host's codespaces by what says that a container is theirs: its id, or the secret that it carries.</summary>
    public static async Task<Dictionary<string, string>> OwnersAsync(DbSession session, string host) =>
        (await session.QueryAsync<Owner>(
            """
            select k.container_id as proof, c.name from codespace_containers k join codespaces c on c.id = k.codespace_id
            where c.host = @host
            union all select secret, codespace from codespace_starts where host = @host
            """,
            new { host })).ToDictionary(owner => owner.Proof, owner => owner.Name, StringComparer.Ordinal);

    private sealed record Owner
    {
        public string Proof { get; init; } = "";

        public string Name { get; init; } = "";
    }

    /// <summary>Forgets the secrets of codespaces that are gone, once no container of theirs can appear any more.</summary>
    public static Task ForgetStartsAsync(DbSession session, DateTimeOffset now) => session.ExecuteAsync(
        "delete from codespace_starts where created_at < @before and codespace not in (select name from codespaces)",
        new { before = now - Kept });
}
