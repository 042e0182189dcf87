using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Npm;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// What npm finds in a codespace, in the place of its global configuration: of npm's files that one ranks last (npmrc(5)), so that whatever
/// the project's <c>.npmrc</c> or the person's own says wins.
/// </summary>
internal sealed class NpmInside(Db db, AddressOptions address, NpmOptions options)
{
    public const string File = EnvironmentVariables.Folder + "/npmrc";

    /// <summary>The codespace's token for the registry, and the scopes that are here. Empty: there is no npm registry.</summary>
    public async Task<string> ForAsync(
        Codespace codespace, RepositoryFacts repository, string token, CancellationToken cancellationToken) =>
        options.NpmRegistry == NpmOptions.Off
            ? ""
            : string.Concat(
                (await ScopesAsync(codespace, repository, cancellationToken)).Select(scope => $"@{scope}:registry={address.NpmUrl}/\n"))
                + string.Concat(Registries().Select(registry => $"//{registry}/:_authToken={token}\n"));

    /// <summary>
    /// A scope is sent here once its account has a package here: until then its packages are those of another registry, and from then on no
    /// stranger's of the same name may come in their place. Accounts that the person has nothing to do with take no scope away: whoever
    /// publishes could else take any.
    /// </summary>
    private Task<List<string>> ScopesAsync(Codespace codespace, RepositoryFacts repository, CancellationToken cancellationToken) =>
        db.ReadAsync(
            session => session.QueryAsync<string>(
                """
                select a.login from accounts a
                where (a.id = @owner or a.id = @person
                    or a.id in (select m.organization_id from memberships m where m.user_id = @person))
                  and exists (select 1 from packages p where p.owner_id = a.id and p.type = 'npm' and p.state = 'live')
                order by a.login
                """,
                new { owner = repository.OwnerId, person = codespace.PersonId ?? repository.OwnerId }),
            cancellationToken);

    /// <summary>Where the registry is, and was before it had a host of its own: lock files name it still.</summary>
    private string[] Registries()
    {
        var (now, before) = (Name(address.NpmUrl), address.BaseUri.Authority + NpmPaths.Prefix);
        return now == before ? [now] : [now, before];
    }

    private static string Name(string url) => url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
}
