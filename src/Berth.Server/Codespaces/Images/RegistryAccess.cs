using Berth.Server.Access;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Remote;
using Berth.Server.Secrets;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Chooses the login for an image and asks its registry whether it is allowed. Berth's own registry gets the codespace's token. Other
/// registries get the set of secrets for the path, and if that is rejected, one more request without a login. Berth asks the registry
/// itself, so that a refusal is reported with its real cause.
/// </summary>
internal sealed class RegistryAccess(
    AccessDecisions access, CodespaceSecrets secrets, ExchangeLogin logins, RegistryClient registries, OwnImages own)
{
    /// <param name="Rule">Only for Berth's own images.</param>
    private sealed record Attempt(RegistryLogin? Login, string? By, Fault? Fault, string? Rule = null);

    public bool IsOwn(ImageReference image) => registries.IsOwn(image.Host);

    /// <summary>Reads the secrets. The log says which sets apply and which do not, as far as the creator may know.</summary>
    /// <param name="mask">Called with every value that no log may show.</param>
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

    /// <summary>Asks the image's registry with the login for its path and, if that is rejected, once without.</summary>
    /// <exception cref="FaultException">
    /// The image is refused or cannot be fetched. Names registry, image, the real cause and a remedy.
    /// </exception>
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

    /// <summary>Checks that an image of Berth's own registry may still be used. The image itself may be gone by now.</summary>
    /// <exception cref="FaultException">It may not be used any more.</exception>
    public async Task DecideAsync(ImageReference image, StartCredentials start, CancellationToken cancellationToken)
    {
        if (IsOwn(image) && (await own.DecideAsync(image, start.Principal, cancellationToken)).Refusal is { } refusal)
        {
            // Secrets that name Berth's own registry are tried after the token.
            await (start.Logins.ForImage(RemoteImage.Of(image)) is null
                ? throw new FaultException(refusal)
                : AuthoriseAsync(image, start, cancellationToken));
        }
    }

    /// <summary>The image for one platform, named by that platform's own manifest.</summary>
    /// <exception cref="FaultException">The image is not for that platform, or its registry does not answer.</exception>
    public async Task<AuthorisedImage> OfPlatformAsync(
        AuthorisedImage allowed, Platform platform, StartCredentials start, CancellationToken cancellationToken)
    {
        var answer = await registries.DescribeAsync(allowed.Remote, allowed.Login, platform, cancellationToken);
        return answer.Value is { } manifest
            ? allowed with { Remote = allowed.Remote with { Reference = Reference.Of(manifest.Chosen) } }
            : throw (answer.Fault is { Kind: FaultKind.WrongPlatform } wrong
                ? ImageFault.WrongPlatform(allowed.Image, wrong, platform)
                : ImageFault.Of(allowed.Image, allowed.Remote, set: null, answer.Fault!, start));
    }

    /// <summary>Finds out the image's platforms and size.</summary>
    /// <exception cref="FaultException">The image is not for that platform.</exception>
    public async Task<RemoteManifest?> DescribeAsync(
        AuthorisedImage allowed, Platform platform, StartCredentials start, CancellationToken cancellationToken)
    {
        var answer = await registries.DescribeAsync(allowed.Remote, allowed.Login, platform, cancellationToken);

        // The pull reports any other fault.
        return answer.Fault is { Kind: FaultKind.WrongPlatform } wrong
            ? throw ImageFault.WrongPlatform(allowed.Image, wrong, platform)
            : answer.Value;
    }

    /// <summary>Asks for the next token for the same image, since a token is valid for minutes and a pull may take longer.</summary>
    public async Task<AuthorisedImage> RenewAsync(AuthorisedImage allowed, StartCredentials start, CancellationToken cancellationToken)
    {
        var answer = await registries.FindAsync(allowed.Remote, allowed.Login, cancellationToken);
        if (answer.Token is { } token)
        {
            start.Mask(token.Value);
        }

        return answer.Ok ? allowed with { Credential = AuthorisedImage.CredentialOf(allowed.Image, allowed.Login, answer) } : allowed;
    }

    /// <summary>The present login of a set. If there is none, returns null and writes a line to the log.</summary>
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
