using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Http;

/// <summary>Where the server listens.</summary>
internal sealed partial class ListeningOptions
{
    /// <summary>Port 0 picks a free port, if the host is an address.</summary>
    [Setting("host:port to listen on. `localhost` means both address families, `*` every address")]
    [ListenAddress]
    public string Listen { get; set; } = "localhost:5000";

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<ListeningOptions>;
}
