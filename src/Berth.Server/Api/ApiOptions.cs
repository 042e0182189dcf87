using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Api;

/// <summary>The limits of the REST API.</summary>
internal sealed partial class ApiOptions
{
    [Setting("how many requests to the REST API a user, a repository's workflows, a codespace, or an address without login may make in an "
        + "hour")]
    [Positive("requests")]
    public double ApiRequestsPerHour { get; set; } = 15_000;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<ApiOptions>;
}
