using System.Text;
using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Cryptography;

namespace Berth.Server.Repositories.Cloning;

/// <summary>A user name and password for one git server.</summary>
/// <param name="Password">A password or a token. It must never be in a log, an argument or an environment.</param>
/// <param name="Origin">The only scheme, host and port that it is sent to.</param>
/// <param name="Whose">The owner for messages: <c>ada's</c> or <c>the repository's</c>.</param>
internal sealed record CloneCredential(string UserName, string Password, string Origin, string Whose)
{
    public override string ToString() => $"{Whose} clone credential for {Origin}";
}

/// <summary>Stores credentials under envelope encryption, bound to the server that may get them, and finds the one for a clone.</summary>
internal sealed class CloneCredentials(Db db, MasterKey masterKey, AuditLog audit, TimeProvider time)
{
    private const string Resource = "CloneCredential";

    /// <param name="userId">The person whose codespaces use it. Null: everybody's codespaces do.</param>
    /// <exception cref="Http.ApiException">422: the repository is not cloned over http.</exception>
    public async Task StoreAsync(
        RepositoryFacts repository, long? userId, Client.Wire.NewCloneCredential wanted, ApiCaller caller,
        CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await db.WriteAsync(
            async session =>
            {
                var row = await RepositoryTable.FindAsync(session, repository.Id);
                if (CloneOrigin.Of(row?.CloneUrl) is not { } origin)
                {
                    ApiErrors.Unprocessable(
                        Resource, "clone_url", $"{repository.FullName} has no http or https clone_url, and a credential is bound to one")
                        .Throw();
                    return;
                }

                var version = now.ToUnixTimeMilliseconds();
                var value = Envelope.Seal(
                    Encoding.UTF8.GetBytes(wanted.Password), CloneCredentialRow.Identity(repository.Id, userId, origin, version),
                    masterKey);
                await CloneCredentialTable.ReplaceAsync(
                    session, repository.Id, userId, origin, wanted.Username, value, version, caller.Principal.Key, now);
                await audit.RecordAsync(session, caller.Actor, Entry(repository, "set", userId, caller));
            },
            cancellationToken);
    }

    /// <summary>An entry for the audit log about a change of a credential.</summary>
    public static AuditEntry Entry(RepositoryFacts repository, string change, long? userId, ApiCaller caller) =>
        AuditEntry.On(repository, $"repo.{change}_clone_credential", userId is null ? null : AuditEntry.User(caller.User.Login));

    /// <summary>The user's own credential for the repository, else the repository's. Null when neither is for this URL's server.</summary>
    public async Task<CloneCredential?> ForAsync(
        long repositoryId, long? userId, string userLogin, string cloneUrl, CancellationToken cancellationToken) =>
        await OwnAsync(repositoryId, userId, userLogin, cloneUrl, cancellationToken)
            ?? await FindAsync(repositoryId, null, "the repository's", cloneUrl, cancellationToken);

    /// <summary>The user's own credential. Null when there is none for this URL's server.</summary>
    /// <param name="userId">Null: nobody is signed in, so there is no credential.</param>
    public async Task<CloneCredential?> OwnAsync(
        long repositoryId, long? userId, string userLogin, string cloneUrl, CancellationToken cancellationToken) =>
        userId is { } user ? await FindAsync(repositoryId, user, $"{userLogin}'s", cloneUrl, cancellationToken) : null;

    private async Task<CloneCredential?> FindAsync(
        long repositoryId, long? userId, string whose, string cloneUrl, CancellationToken cancellationToken)
    {
        if (CloneOrigin.Of(cloneUrl) is not { } origin
            || await db.ReadAsync(session => CloneCredentialTable.FindAsync(session, repositoryId, userId), cancellationToken)
                is not { } row
            || row.Origin != origin)
        {
            return null;
        }

        var password = Envelope.Open(
            row.Value, CloneCredentialRow.Identity(row.RepositoryId, row.UserId, row.Origin, row.Version), masterKey);
        return new CloneCredential(row.Username, Encoding.UTF8.GetString(password), row.Origin, whose);
    }
}
