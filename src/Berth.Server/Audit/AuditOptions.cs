using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Audit;

/// <summary>How long it is known who did what.</summary>
internal sealed partial class AuditOptions
{
    [Setting("how long the audit log is kept, events of packages and so the history of tags included")]
    [Positive("days")]
    public double AuditRetentionDays { get; set; } = 400;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<AuditOptions>;
}
