using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Audit;

/// <summary>How long records of who did what are kept.</summary>
internal sealed partial class AuditOptions
{
    [Setting("how long the audit log is kept, events of packages and so the history of tags included")]
    [Positive("days")]
    public double AuditRetentionDays { get; set; } = 400;

    [Setting("`true`: pulls stand in the audit log, too (`include=git`), without a write to the database on their way")]
    public bool AuditPulls { get; set; }

    [Setting("how long pulls stay in the audit log")]
    [Positive("days")]
    public double AuditPullRetentionDays { get; set; } = 7;

    [Setting("file that entries of the audit log are appended to, a line of JSON each; it may be moved away at any time")]
    [FilePath]
    public string? AuditFile { get; set; }

    [Setting("syslog server that is told of entries of the audit log (RFC 5424)")]
    [SyslogTarget]
    public string? AuditSyslog { get; set; }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<AuditOptions>;
}
