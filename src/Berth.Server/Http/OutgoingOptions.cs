using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Http;

/// <summary>Which addresses Berth and git may reach, and which certificates they trust there.</summary>
internal sealed partial class OutgoingOptions
{
    [Setting("PEM file with certificates to trust beside the system's: for Berth's own requests and git")]
    [ExistingFile]
    public string? CaFile { get; set; }

    [Setting("networks, addresses and hosts that outgoing requests may reach besides globally routable addresses")]
    [Networks(HostsToo = true)]
    public string? AllowedNetworks { get; set; }

    [Setting("`true` lets site administrators give repositories a `file:` clone URL")]
    public bool AllowFileClone { get; set; }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<OutgoingOptions>;
}
