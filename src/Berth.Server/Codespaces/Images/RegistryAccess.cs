using Berth.Server.Access;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;
using Berth.Server.Secrets;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Which login an image of a start is fetched with, and whether its registry allows it: Berth's own registry by the codespace's token,
/// others by the set of secrets that counts for the path, and where a set is rejected once more without a login. The registry is asked by
/// Berth itself, so that a refusal is told with its true cause.
/// </summary>
internal sealed class RegistryAccess(
    AccessDecisions access, CodespaceSecrets secrets, ExchangeLogin logins, RegistryClient registries, OwnImages own)
{
    /// <param name="Rule">Of Berth's own images: the rule that allows it.</param>
    private sealed record Attempt(RegistryLogin? Login, string? By, Fault? Fault, string? Rule = null);

    public bool IsOwn(ImageReference image) => registries.IsOwn(image.Host);

    /// <summary>Reads the secrets and says in the log which sets count and which do not, as far as the creator may know.</summary>
    /// <param name="mask">Told every value that no log may show.</param>
    public async Task<StartCredentials> LoadAsync(
        CodespacePrincipal principal, string token, Action<string, string> log, Action<string> mask, CancellationToken cancellationToken)
    {
        var found = await access.RepositoryAsync(principal.UserId, principal.RepositoryId, cancellationToken)
            ?? throw new FaultException(FaultKind.Repository, $"{principal.Repository} is not there any more");
        var resolved = await secrets.RegistriesAsync(principal.UserId, own: !principal.IsPrebuild, found.Repository, cancellationToken);
        var known = KnownLogins.Of(found.Standing, resolved.Report);
        mask(token);
        foreach (var set in resolved.Counting)
        {
            mask(set.Password);
        }

        var credentials = new StartCredentials(principal, token, resolved, known, AccessRules.GetsSecrets(found.Standing), log, mask);
        foreach (var report in known)
        {
            log("credentials", report.Message);
        }

        if (!credentials.CanWrite)
        {
            log("credentials", credentials.Withheld);
        }

        return credentials;
    }

    /// <summary>Asks the image's registry, with its path's login and, where that is rejected, once without.</summary>
    /// <exception cref="FaultException">Refused or not to be had; names registry, image, the true cause and a remedy.</exception>
    public async Task<AuthorisedImage> AuthoriseAsync(ImageReference image, StartCredentials start, CancellationToken cancellationToken)
    {
        var remote = RemoteImage.Of(image);
        var set = start.Logins.ForImage(remote);
        Fault? cause = null;
        foreach (var attempt in await AttemptsAsync(image, set, start, cancellationToken))
        {
            var answer = attempt.Fault is { } fault
                ? RemoteAnswer<RemoteManifest>.Of(fault)
                : await registries.FindAsync(remote, attempt.Login, cancellationToken);
            if (answer.Token is { } token)
            {
                start.Mask(token.Value);
            }

            if (answer.Value is { } manifest)
            {
                start.Log(
                    "authorise", $"{image.Registry} allows {image} ({manifest.Digest}){(attempt.By is null ? "" : $" to {attempt.By}")}");
                return new AuthorisedImage(
                    image, remote with { Reference = Reference.Of(manifest.Digest) }, attempt.Login, attempt.By,
                    AuthorisedImage.CredentialOf(image, attempt.Login, answer))
                {
                    Rule = attempt.Rule,
                    Rejected = cause?.Message,
                };
            }

            var why = answer.Fault!;
            cause ??= why;
            if (attempt.By is null || !why.IsLoginRejected)
            {
                break;
            }

            start.Log(
                "credentials", $"{remote.Host} rejects {attempt.By}: {why.Message}{(IsOwn(image) ? "" : "; trying without a login")}");
        }

        throw ImageFault.Of(image, remote, set, cause!, start);
    }

    /// <summary>Whether an image of Berth's own registry may still be used; the image itself need not be there any more.</summary>
    /// <exception cref="FaultException">It may not.</exception>
    public async Task DecideAsync(ImageReference image, StartCredentials start, CancellationToken cancellationToken)
    {
        if (IsOwn(image) && (await own.DecideAsync(image, start.Principal, cancellationToken)).Refusal is { } refusal)
        {
            // A set that names Berth itself is honoured after the token.
            await (start.Logins.ForImage(RemoteImage.Of(image)) is null
                ? throw new FaultException(refusal)
                : AuthoriseAsync(image, start, cancellationToken));
        }
    }

    /// <summary>What it is for and how large; refused where the engine's platform is not among it.</summary>
    /// <exception cref="FaultException">Not for this platform.</exception>
    public async Task<RemoteManifest?> DescribeAsync(
        AuthorisedImage allowed, Platform platform, StartCredentials start, CancellationToken cancellationToken)
    {
        var answer = await registries.DescribeAsync(allowed.Remote, allowed.Login, platform, cancellationToken);

        // What else may be wrong with it the pull will say.
        return answer.Fault is { Kind: FaultKind.WrongPlatform } wrong
            ? throw ImageFault.WrongPlatform(allowed.Image, wrong, platform)
            : answer.Value;
    }

    /// <summary>A token lives for minutes and a pull may take longer: the same image's next one.</summary>
    public async Task<AuthorisedImage> RenewAsync(AuthorisedImage allowed, StartCredentials start, CancellationToken cancellationToken)
    {
        var answer = await registries.FindAsync(allowed.Remote, allowed.Login, cancellationToken);
        if (answer.Token is { } token)
        {
            start.Mask(token.Value);
        }

        return answer.Ok ? allowed with { Credential = AuthorisedImage.CredentialOf(allowed.Image, allowed.Login, answer) } : allowed;
    }

    /// <summary>The login of a set now; null and a line in the log where it cannot be had.</summary>
    public async Task<RegistryLogin?> LoginAsync(LoginSecrets set, StartCredentials start, CancellationToken cancellationToken)
    {
        try
        {
            var login = await logins.LoginAsync(set, cancellationToken);
            start.Mask(login.Password);
            return login;
        }
        catch (FaultException exception)
        {
            start.Log("credentials", $"{set.Name} is not used for {set.Server.Host}: {exception.Message}");
            return null;
        }
    }

    private async Task<List<Attempt>> AttemptsAsync(
        ImageReference image, LoginSecrets? set, StartCredentials start, CancellationToken cancellationToken)
    {
        List<Attempt> attempts = [];
        if (IsOwn(image))
        {
            var (rule, refusal) = await own.DecideAsync(image, start.Principal, cancellationToken);
            if (refusal is null)
            {
                start.Log("authorise", $"allowed: {rule}");
                start.Log("credentials", $"{image.Registry} is Berth's own registry: using the codespace's token");
                return [new Attempt(own.LoginOf(image, start), null, null, rule)];
            }

            if (set is null)
            {
                throw new FaultException(refusal);
            }

            start.Log("credentials", $"the codespace's token is refused, and {set.Name} names this registry: {refusal}");
            return [new Attempt(new RegistryLogin(set.User, set.Password), set.Name, null)];
        }

        if (set is not null)
        {
            start.Log(
                "credentials",
                $"{image.Registry}: using {set.Name}{(set.Server.Path.Length > 0 ? $", which counts for {set.Server}" : "")}");
            attempts.Add(await AttemptAsync(set, start, cancellationToken));
        }
        else
        {
            start.Log("credentials", $"{image.Registry}: no set of secrets counts for it: without a login");
        }

        attempts.Add(new Attempt(null, null, null));
        return attempts;
    }

    private async Task<Attempt> AttemptAsync(LoginSecrets set, StartCredentials start, CancellationToken cancellationToken)
    {
        try
        {
            var login = await logins.LoginAsync(set, cancellationToken);
            start.Mask(login.Password);
            return new Attempt(login, set.Name, null);
        }
        catch (FaultException exception)
        {
            return new Attempt(null, set.Name, exception.Fault);
        }
    }
}
