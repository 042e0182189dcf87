using Berth.Server.Faults;
using Berth.Server.Registries.Ecr;

namespace Berth.Server.Registries;

/// <summary>Returns the login of a set: what its secrets say, or what ECR gives for them.</summary>
internal sealed class ExchangeLogin(EcrTokens ecr)
{
    /// <exception cref="FaultException">AWS refused the exchange, with the reason.</exception>
    public async Task<RegistryLogin> LoginAsync(LoginSecrets set, CancellationToken cancellationToken) =>
        EcrHost.Of(set.Server.Host.Value) is { } host
            ? await ecr.LoginAsync(set, host, cancellationToken)
            : new RegistryLogin(set.User, set.Password);

    /// <summary>Lines that recommend something better to the set's owner. The set works nevertheless.</summary>
    public static IEnumerable<string> Advice(LoginSecrets set)
    {
        if (EcrHost.Of(set.Server.Host.Value) is null)
        {
            yield break;
        }

        if (set.User == "AWS")
        {
            yield return $"{set.Prefix}: USER is AWS, so PASSWORD is a token, which lives 12 hours and is not renewed; an access key pair "
                + "as USER and PASSWORD is exchanged for a fresh one whenever it is needed";
        }

        if (set.Prefix.StartsWith("AWS", StringComparison.Ordinal))
        {
            yield return $"{set.Prefix}: name the set ECR_…; variables that begin with AWS_ are read by AWS's own tools inside the "
                + "codespace";
        }
    }
}
