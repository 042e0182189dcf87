using Berth.Server.Faults;
using Berth.Server.Http;
using Berth.Server.Oci;
using Berth.Server.Registries;
using Berth.Server.Registries.Ecr;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Images;

/// <summary>
/// Makes docker's configuration for the inside of a codespace from the sets of secrets that apply. Three kinds of logins are left out.
/// Docker knows only hosts, so a set for a path is. So is a login that the registry rejects, since with it even public images would be
/// refused. And so is a login whose token realm is not the registry's own, since docker would send the password there.
/// </summary>
internal sealed class CollectDockerLogins(RegistryAccess access, RegistryClient registries, AddressOptions options, TimeProvider time)
{
    /// <summary>
    /// How long to wait for a registry. If it does not answer in time, its login is written unchecked, and its user sees whether it works.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>When to renew identity tokens. Azure's are valid for three hours, and other registries do not say.</summary>
    private static readonly TimeSpan IdentityRefresh = TimeSpan.FromHours(1);

    public async Task<DockerLogins> RunAsync(StartCredentials start, CancellationToken cancellationToken)
    {
        List<DockerLogin> logins = [new DockerLogin(options.RegistryHost, "codespace", start.Token, null, null)];
        List<Task<DockerLogin?>> asked = [];
        foreach (var host in start.Logins.Counting.GroupBy(set => set.Server.Host)
            .OrderBy(group => group.Key.Value, StringComparer.Ordinal))
        {
            if (registries.IsOwn(host.Key))
            {
                start.Log(
                    "credentials",
                    $"{host.Key}: docker's configuration holds the codespace's token; {host.First().Name} is used for images that the "
                        + "token may not pull");
            }
            else if (host.FirstOrDefault(set => set.Server.Path.Length == 0) is { } whole)
            {
                asked.Add(OfSetAsync(whole, start, cancellationToken));
            }
            else
            {
                start.Log(
                    "credentials",
                    $"{host.Key}: {string.Join(", ", host.Select(set => $"{set.Name} counts below {set.Server}"))}; docker's "
                        + $"configuration knows hosts only, so there is no login for {host.Key} in it");
            }
        }

        logins.AddRange((await Task.WhenAll(asked)).OfType<DockerLogin>());
        return new DockerLogins(logins);
    }

    private async Task<DockerLogin?> OfSetAsync(LoginSecrets set, StartCredentials start, CancellationToken cancellationToken)
    {
        var host = set.Server.Host;
        if (await access.LoginAsync(set, start, cancellationToken) is not { } login)
        {
            return null;
        }

        var whole = new DockerLogin(set.Server.ConfigurationKey, login.User, login.Password, null, login.RefreshAt);
        if (EcrHost.Of(host.Value) is not null && login.ExpiresAt is not null)
        {
            return whole;
        }

        var answer = await AskAsync(host, login, cancellationToken);
        if (answer.Fault is { IsLoginRejected: true } rejected)
        {
            start.Log("credentials", $"{rejected.Message} (login: {set.Name}); docker's configuration does not get it");
            return null;
        }

        if (answer.Token?.RefreshToken is not { } identity)
        {
            return whole;
        }

        start.Mask(identity);
        return whole with { IdentityToken = identity, RefreshAt = time.GetUtcNow() + IdentityRefresh };
    }

    private async Task<RemoteAnswer<RemoteLogin>> AskAsync(RegistryHost host, RegistryLogin login, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            return await registries.LoginAsync(host, login, offline: true, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return RemoteAnswer<RemoteLogin>.Of(new Fault(FaultKind.Unreachable, $"{host} does not answer"));
        }
    }
}
