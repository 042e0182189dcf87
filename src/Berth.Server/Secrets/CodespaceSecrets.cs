using System.Text;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Registries;
using Berth.Server.Cryptography;

namespace Berth.Server.Secrets;

/// <summary>What one codespace gets: the environment, and the registry logins with a report on them.</summary>
/// <param name="Environment">The name and value of every visible secret. If several levels have a name, the most specific level
/// counts.</param>
/// <param name="Registries">Resolved from every secret that could reach the codespace, so that those that do not reach it can be
/// reported.</param>
internal sealed record SecretsOfCodespace(
    IReadOnlyDictionary<string, string> Environment, IReadOnlyDictionary<string, IReadOnlyList<SecretLevel>> Origins,
    ResolvedLogins Registries)
{
    private const int MostNames = 20;

    /// <summary>
    /// Secrets that could reach the codespace and are assigned to other repositories, as far as the user may know of them. Secrets of
    /// registries have a report of their own.
    /// </summary>
    public IReadOnlyList<(string Name, SecretLevel Level)> Elsewhere { get; init; } = [];

    /// <summary>
    /// A line for the log of a start that says which secrets are not assigned to the repository. Null when there are none.
    /// </summary>
    public string? NotHere => Elsewhere.Count == 0 ? null
        : $"not assigned to this "
        + $"repository: {string.Join(", ", Elsewhere.Take(MostNames).Select(secret => $"{secret.Name} ({secret.Level.ToText()})"))}"
            + (Elsewhere.Count > MostNames ? $" and {Elsewhere.Count - MostNames} more" : "");

    /// <summary>
    /// A line for the log of a start, without values: <c>2 secrets: NPM_TOKEN (user, over repository), SENTRY_DSN (repository)</c>.
    /// </summary>
    public string Summary => $"{Environment.Count} {(Environment.Count == 1 ? "secret" : "secrets")}: "
        + string.Join(", ", Environment.Keys.Select(name => $"{name} ({OriginOf(Origins[name])})"));

    private static string OriginOf(IReadOnlyList<SecretLevel> levels) =>
        levels.Count == 1
            ? levels[0].ToText()
            : $"{levels[0].ToText()}, over {string.Join(" and ", levels.Skip(1).Select(level => level.ToText()))}";
}

/// <summary>
/// Reads the secrets that a codespace of a user and a repository may see. These are the user's own secrets that select the repository. If
/// the user can write to the repository, they are also its own secrets and those of its organization whose policy covers it.
/// </summary>
internal sealed class CodespaceSecrets(Db db, MasterKey masterKey)
{
    /// <param name="own">Whether the user's own secrets count too.</param>
    public async Task<SecretsOfCodespace> LoadAsync(
        long userId, bool own, RepositoryFacts repository, CancellationToken cancellationToken)
    {
        var (rows, standing) = await RowsAsync(userId, own, repository, cancellationToken);
        var secrets = rows.ConvertAll(row => Open(row, Reach(row, repository, AccessRules.GetsSecrets(standing))));
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Dictionary<string, IReadOnlyList<SecretLevel>> origins = new(StringComparer.Ordinal);
        foreach (var named in secrets.Where(s => s.Reach == SecretReach.Visible)
            .OrderBy(s => s.Level)
            .GroupBy(s => s.Name, StringComparer.Ordinal))
        {
            environment[named.Key] = named.First().Value;
            origins[named.Key] = [.. named.Select(secret => secret.Level)];
        }

        return new SecretsOfCodespace(environment, origins, ResolveLogins.From(secrets))
        {
            Elsewhere = Elsewhere(standing, secrets.Where(s => s.Reach == SecretReach.Unassigned && !environment.ContainsKey(s.Name))),
        };
    }

    /// <summary>Only members of an organization may know the names of secrets that the codespace does not get.</summary>
    private static IReadOnlyList<(string Name, SecretLevel Level)> Elsewhere(
        RepositoryStanding standing, IEnumerable<RegistrySecret> unassigned)
    {
        var found = unassigned.Where(secret => ResolveLogins.PrefixOf(secret.Name) is null)
            .Select(secret => (secret.Name, secret.Level))
            .ToList();
        return AccessRules.KnowsSecretsOfOrganization(standing) ? found : found.FindAll(secret => secret.Level == SecretLevel.User);
    }

    /// <summary>
    /// Reads only the sets for registries, for checks and pulls. They do not need the environment, so no other secret is decrypted.
    /// </summary>
    /// <param name="own">Whether the user's own secrets count too.</param>
    public async Task<ResolvedLogins> RegistriesAsync(
        long userId, bool own, RepositoryFacts repository, CancellationToken cancellationToken)
    {
        var (rows, standing) = await RowsAsync(userId, own, repository, cancellationToken);
        return ResolveLogins.From(
            rows.Where(row => ResolveLogins.PrefixOf(row.Name) is not null)
                .Select(row => Open(row, Reach(row, repository, AccessRules.GetsSecrets(standing)))));
    }

    /// <summary>All sets of one owner, whichever repositories they are assigned to.</summary>
    /// <param name="prefix">Only this set. Null: all sets.</param>
    public async Task<ResolvedLogins> OfOwnerAsync(SecretOwner owner, string? prefix, CancellationToken cancellationToken)
    {
        var rows = await db.ReadAsync(session => SecretTable.RegistryValuesAsync(session, owner), cancellationToken);
        return ResolveLogins.From(
            rows.Where(row => prefix is null || ResolveLogins.PrefixOf(row.Name) == prefix).Select(row => Open(row, SecretReach.Visible)));
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

    private Task<(List<SecretValueRow> Rows, RepositoryStanding Standing)> RowsAsync(
        long userId, bool own, RepositoryFacts repository, CancellationToken cancellationToken) => db.ReadAsync(
        async session =>
        {
            var on = await AccessDecisions.RepositoryAsync(session, userId, repository.Id);
            var found = await SecretTable.ValuesAsync(
                session, own ? userId : 0, repository.Id, repository.OwnerIsOrganization ? repository.OwnerId : 0);
            return (found, on?.Standing ?? RepositoryStanding.Nobody);
        },
        cancellationToken);

    /// <summary>Decrypts only what the codespace gets.</summary>
    private RegistrySecret Open(SecretValueRow row, SecretReach reach)
    {
        var level = LevelNames.Parse(row.Level);
        var value = reach == SecretReach.Visible
            ? Encoding.UTF8.GetString(
                Envelope.Open(row.Value, new SecretOwner(level, row.OwnerId).Identity(row.Name, row.Version), masterKey))
            : "";
        return new RegistrySecret(row.Name, level, reach, value, row.Version);
    }
}
