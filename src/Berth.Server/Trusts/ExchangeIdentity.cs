using Berth.Server.Access;
using Berth.Server.Audit;
using Berth.Server.Authentication;
using Berth.Server.Database;
using Berth.Server.Faults;

namespace Berth.Server.Trusts;

/// <summary>A workflow token that was made for an ID token.</summary>
internal sealed record ExchangedToken(string Value, DateTimeOffset ExpiresAt, Role Packages, string Repository);

/// <summary>What the request asks for besides the ID token.</summary>
/// <param name="Target">An owner, or <c>owner/repo</c>. It chooses when the token may stand for workflows of several.</param>
/// <param name="Packages">Null: as much as the trust gives.</param>
internal sealed record ExchangeWish(string? Target = null, Role? Packages = null);

/// <summary>
/// Makes a workflow token for the ID token of a CI job that meets a trust. Both ways lead here: the exchange endpoints, which accept an ID
/// token once, and the registries' passwords, where it stands for one workflow token for all of its life.
/// </summary>
internal sealed partial class ExchangeIdentity(
    Db db, VerifyIdentity verify, AuditLog audit, TimeProvider time, ILogger<ExchangeIdentity> logger)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <exception cref="IdentityRefusedException">The ID token is not accepted, or was accepted before.</exception>
    public async Task<ExchangedToken> OnceAsync(
        HttpContext http, string idToken, ExchangeWish wish, CancellationToken cancellationToken)
    {
        var (token, endsAt) = await VerifyAsync(idToken, cancellationToken);
        var now = time.GetUtcNow();
        var secret = TokenSecret.Create(TokenSecret.Workflow);
        var row = await db.WriteAsync(
            async session =>
            {
                var made = await NewRowAsync(session, token, wish, TokenSecret.Hash(secret), now + Life, now);
                // After a refusal the ID token can be tried again. It is used up only when a token was made.
                return await TrustTable.UseAsync(session, token.UseHash, endsAt + TimeSpan.FromMinutes(2), now)
                    ? await InsertAsync(session, http, made, now)
                    : throw new IdentityRefusedException(IdentityFault.Replayed, "the ID token was exchanged before; each is taken once");
            },
            cancellationToken);
        return new ExchangedToken(secret, row.Row.ExpiresAt!.Value, row.Gives, row.Repository.FullName);
    }

    /// <summary>Makes the one workflow token that the ID token stands for as a password. Does nothing when it exists already.</summary>
    /// <exception cref="IdentityRefusedException">The ID token is not accepted.</exception>
    public async Task AsPasswordAsync(HttpContext http, string idToken, ExchangeWish wish, CancellationToken cancellationToken)
    {
        var (token, endsAt) = await VerifyAsync(idToken, cancellationToken);
        var now = time.GetUtcNow();
        await db.WriteAsync(
            async session => await InsertAsync(
                session, http, await NewRowAsync(session, token, wish, TokenSecret.Hash(PasswordOf(idToken)), endsAt, now), now),
            cancellationToken);
    }

    /// <summary>
    /// The secret under which the workflow token of an ID token is stored. It is not the ID token itself, which is no token of the API.
    /// </summary>
    public static string PasswordOf(string idToken) => "\0id-token\0" + idToken;

    private async Task<(IdentityToken Token, DateTimeOffset EndsAt)> VerifyAsync(string idToken, CancellationToken cancellationToken)
    {
        var token = IdentityToken.Parse(idToken);
        if ((await db.ReadAsync(session => TrustTable.OfIssuerAsync(session, token.Issuer), cancellationToken)).Count == 0)
        {
            // Check this before anything is fetched, so that an issuer that nobody trusts is not asked for its keys.
            throw new IdentityRefusedException(
                IdentityFault.UntrustedIssuer, $"the ID token's issuer is not trusted: {Shown.Of(token.Issuer)}");
        }

        return (token, await verify.RunAsync(token, cancellationToken));
    }

    private static async Task<Made> NewRowAsync(
        DbSession session, IdentityToken token, ExchangeWish wish, byte[] hash, DateTimeOffset expiresAt, DateTimeOffset now)
    {
        var trusts = TrustMatch.Find(await TrustTable.OfIssuerAsync(session, token.Issuer), token.Claims);
        var (trust, repository) = await ChooseAsync(session, trusts, token.Claims, wish.Target);
        var given = trust.Gives;
        if (wish.Packages > given)
        {
            throw new IdentityRefusedException(
                IdentityFault.Permission,
                $"the trust gives packages: {given.Name()}, and packages: {wish.Packages.Value.Name()} was asked");
        }

        var gives = wish.Packages ?? given;
        var run = trust.Ci.RunOf(token.Claims);
        return new Made(
            new NewTokenRow
            {
                Kind = "workflow",
                Hash = hash,
                RepositoryId = repository.Id,
                TrustId = trust.Id,
                Packages = gives.Name(),
                Run = run.Id,
                Ref = run.Ref,
                CommitId = run.Commit,
                Environment = run.Environment,
                Event = run.Event,
                CreatedAt = now,
                ExpiresAt = expiresAt,
            },
            repository,
            gives);
    }

    /// <summary>
    /// Chooses one repository. Everybody who administers a repository may trust any identity, so trusts of others in the same identity must
    /// not affect this one and are not revealed. Among several trusts of that repository the one that gives most counts.
    /// </summary>
    private static async Task<(Trust Trust, RepositoryFacts Repository)> ChooseAsync(
        DbSession session, IReadOnlyList<Trust> trusts, IdentityClaims claims, string? target)
    {
        List<(Trust Trust, RepositoryFacts Repository)> meant = [];
        foreach (var trust in trusts)
        {
            foreach (var id in trust.RepositoryId is { } one ? [one] : await NamedAsync(session, trust, claims))
            {
                // A repository that was transferred does not keep trusts of its former owner.
                if (await AccessDecisions.RepositoryAsync(session, null, id) is { Repository: var repository }
                    && repository.OwnerId == trust.OwnerId)
                {
                    meant.Add((trust, repository));
                }
            }
        }

        if (meant.Count == 0)
        {
            throw new IdentityRefusedException(
                IdentityFault.Repository, "no repository here has the ID token's repository as its external_id");
        }

        if (meant.Select(one => one.Repository.Id).Distinct().Count() > 1)
        {
            meant = meant.FindAll(one => target is not null
                && (one.Repository.FullName.Equals(target, StringComparison.OrdinalIgnoreCase)
                    || one.Repository.OwnerLogin.Equals(target, StringComparison.OrdinalIgnoreCase)));
        }

        return meant.Count > 0 && meant.Select(one => one.Repository.Id).Distinct().Count() == 1
            ? meant.OrderByDescending(one => one.Trust.Gives).First()
            : throw new IdentityRefusedException(
                IdentityFault.Repository,
                "the ID token does not say for which repository it stands: name it, as owner/repo, in resource (docker: as the user name), "
                    + "or give the trust an audience of its own");
    }

    private static async Task<List<long>> NamedAsync(DbSession session, Trust trust, IdentityClaims claims) =>
        trust.RepositoryClaim is { } claim && claims[claim] is { Length: > 0 } id
            ? await TrustTable.RepositoriesAsync(session, trust.OwnerId, id)
            : [];

    private async Task<Made> InsertAsync(DbSession session, HttpContext http, Made made, DateTimeOffset now)
    {
        var (row, repository) = (made.Row, made.Repository);
        await TokenTable.DeleteEndedWorkflowTokensAsync(session, repository.Id, now - TimeSpan.FromDays(1));
        if (await TokenTable.TryInsertAsync(session, row) is { } id)
        {
            // Only the workflow itself asks for this, so the workflow is the actor.
            var workflow = new WorkflowPrincipal(repository.Id, repository.FullName, made.Gives, Role.Admin, id)
            {
                Run = new VerifiedRun(row.Run, row.Ref, row.CommitId, row.Environment, row.Event),
            };
            await audit.RecordAsync(
                session, ChangeActor.Of(http, workflow),
                AuditEntry.On(repository, "workflow_token.create", AddTrust.Subject(row.TrustId!.Value)) with { New = row.Packages });
            LogMade(row.TrustId.Value, repository.FullName, row.Packages!, row.Run, row.Ref);
        }

        return made;
    }

    [LoggerMessage(LogLevel.Information, "Trust {Trust} made a workflow token of {Repository}, packages: {Packages}, run {Run}, {Ref}")]
    private partial void LogMade(long trust, string repository, string packages, string? run, string? @ref);

    private sealed record Made(NewTokenRow Row, RepositoryFacts Repository, Role Gives);
}
