using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Registries;

/// <summary>Where logins for other registries may be sent.</summary>
internal sealed partial class RegistryLoginOptions
{
    [Setting("token services that may get a registry's login although they are on another domain than the registry "
        + "([private registries](private-registries.md))")]
    [Hosts]
    public string? TokenRealms { get; set; }

    [Setting("replaces AWS's addresses for ECR logins, for private endpoints")]
    [HttpUrl]
    public string? EcrEndpoint { get; set; }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<RegistryLoginOptions>;
}
