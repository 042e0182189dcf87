using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Webhooks;

/// <summary>How long deliveries of webhooks are kept.</summary>
internal sealed partial class HookOptions
{
    [Setting("how long deliveries of webhooks can be looked at and sent again")]
    [Positive("days")]
    public double HookDeliveryRetentionDays { get; set; } = 30;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<HookOptions>;
}
