using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Npm;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// npm's configuration in a codespace. It takes the place of npm's global file, which has the lowest rank (npmrc(5)). So the project's
/// <c>.npmrc</c> and the person's own win.
/// </summary>
internal sealed class NpmInside(Db db, AddressOptions address, NpmOptions options)
{
    public const string File = EnvironmentVariables.Folder + "/npmrc";

    /// <summary>Writes the codespace's token for the registry, and the scopes that are here. Empty when there is no npm registry.</summary>
    public async Task<string> ForAsync(
        Codespace codespace, RepositoryFacts repository, string token, CancellationToken cancellationToken) =>
        options.NpmRegistry == NpmOptions.Off
            ? ""
            : string.Concat(
                (await ScopesAsync(codespace, repository, cancellationToken)).Select(scope => $"@{scope}:registry={address.NpmUrl}/\n"))
                + string.Concat(Registries().Select(registry => $"//{registry}/:_authToken={token}\n"));

    /// <summary>
    /// Lists the scopes that are sent to this registry. A scope is sent here once its account has a package here. Before that its packages
    /// are those of another registry. Afterwards a stranger's package of the same name must not take their place. Accounts that the person
    /// has nothing to do with do not count: otherwise anybody who publishes could take over any scope.
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

    /// <summary>The registry's address now, and the one before it had a host of its own, which lock files still name.</summary>
    private string[] Registries()
    {
        var (now, before) = (Name(address.NpmUrl), address.BaseUri.Authority + NpmPaths.Prefix);
        return now == before ? [now] : [now, before];
    }

    private static string Name(string url) => url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
}
