using System.Text;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.CredentialSets;
using Berth.Server.Security;

namespace Berth.Server.Secrets;

/// <summary>What one codespace gets: the environment, and the registry sets with the report on them.</summary>
/// <param name="Environment">Name and value of every visible secret; for one name the most specific level's.</param>
/// <param name="Origins">Where each name is visible, the level whose value counts first.</param>
/// <param name="Registries">Resolved from all that could reach it, so that what does not can be reported.</param>
internal sealed record SecretsOfCodespace(
    IReadOnlyDictionary<string, string> Environment, IReadOnlyDictionary<string, IReadOnlyList<SecretLevel>> Origins, ResolvedSets Registries)
{
    /// <summary>For the log of a start: <c>2 secrets: NPM_TOKEN (user, over repository), SENTRY_DSN (repository)</c>. No values.</summary>
    public string Summary => $"{Environment.Count} {(Environment.Count == 1 ? "secret" : "secrets")}: "
        + string.Join(", ", Environment.Keys.Select(name => $"{name} ({OriginOf(Origins[name])})"));

    private static string OriginOf(IReadOnlyList<SecretLevel> levels) =>
        levels.Count == 1 ? levels[0].Words() : $"{levels[0].Words()}, over {string.Join(" and ", levels.Skip(1).Select(level => level.Words()))}";
}

/// <summary>
/// Reads the secrets that a codespace of a user and a repository may see: the user's own that select the repository; the repository's, and those of
/// its organization whose policy covers it, if the user can write to the repository.
/// </summary>
internal sealed class CodespaceSecrets(Db db, MasterKey masterKey)
{
    public async Task<SecretsOfCodespace> LoadAsync(long userId, RepositoryFacts repository, CancellationToken cancellationToken)
    {
        var (rows, mayWrite) = await RowsAsync(userId, repository, cancellationToken);
        var secrets = rows.ConvertAll(row => Open(row, Reach(row, repository, mayWrite)));
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Dictionary<string, IReadOnlyList<SecretLevel>> origins = new(StringComparer.Ordinal);
        foreach (var named in secrets.Where(s => s.Reach == SecretReach.Visible).OrderBy(s => s.Level).GroupBy(s => s.Name, StringComparer.Ordinal))
        {
            environment[named.Key] = named.First().Value;
            origins[named.Key] = [.. named.Select(secret => secret.Level)];
        }

        return new SecretsOfCodespace(environment, origins, ResolveSets.From(secrets));
    }

    /// <summary>Only the registry sets of it: for checks and pulls, which have no use for the environment, so none of the other secrets is decrypted.</summary>
    public async Task<ResolvedSets> RegistriesAsync(long userId, RepositoryFacts repository, CancellationToken cancellationToken)
    {
        var (rows, mayWrite) = await RowsAsync(userId, repository, cancellationToken);
        return ResolveSets.From(rows.Where(row => ResolveSets.PrefixOf(row.Name) is not null).Select(row => Open(row, Reach(row, repository, mayWrite))));
    }

    /// <summary>One owner's sets, whatever they are assigned to.</summary>
    /// <param name="owner">Whose.</param>
    /// <param name="prefix">Only this set; null: all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ResolvedSets> OfOwnerAsync(SecretOwner owner, string? prefix, CancellationToken cancellationToken)
    {
        var rows = await db.ReadAsync(session => SecretTable.RegistryValuesAsync(session, owner), cancellationToken);
        return ResolveSets.From(rows.Where(row => prefix is null || ResolveSets.PrefixOf(row.Name) == prefix).Select(row => Open(row, SecretReach.Visible)));
    }

    internal static SecretReach Reach(SecretValueRow row, RepositoryFacts repository, bool mayWrite) => row.Level switch
    {
        "user" => row.Selections > 0 ? SecretReach.Visible : SecretReach.Unassigned,
        _ when !mayWrite => SecretReach.Withheld,
        "repository" => SecretReach.Visible,
        _ => row.Visibility switch
        {
            "all" => SecretReach.Visible,
            "private" => repository.Openness == Access.Visibility.Public ? SecretReach.Unassigned : SecretReach.Visible,
            _ => row.Selections > 0 ? SecretReach.Visible : SecretReach.Unassigned,
        },
    };

    private Task<(List<SecretValueRow> Rows, bool MayWrite)> RowsAsync(long userId, RepositoryFacts repository, CancellationToken cancellationToken) => db.ReadAsync(
        async session =>
        {
            var standing = await AccessTable.StandingAsync(session, repository, userId);
            var found = await SecretTable.ValuesAsync(session, userId, repository.Id, repository.OwnerIsOrganization ? repository.OwnerId : 0);
            return (found, standing.NamedRole >= Role.Write);
        },
        cancellationToken);

    /// <summary>Only what the codespace gets is decrypted.</summary>
    private RegistrySecret Open(SecretValueRow row, SecretReach reach)
    {
        var level = LevelNames.Parse(row.Level);
        var value = reach == SecretReach.Visible
            ? Encoding.UTF8.GetString(Envelope.Open(row.Value, new SecretOwner(level, row.OwnerId).Identity(row.Name, row.Version), masterKey))
            : "";
        return new RegistrySecret(row.Name, level, reach, value, row.Version);
    }
}
