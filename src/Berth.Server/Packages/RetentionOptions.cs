using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Packages;

/// <summary>How long bytes and versions are kept that nothing uses.</summary>
internal sealed partial class RetentionOptions
{
    [Setting("how long an unfinished upload is kept")]
    [Positive("hours")]
    public double UploadLifetimeHours { get; set; } = 24;

    [Setting("how long a blob that no manifest holds stays after its last use")]
    [Positive("hours")]
    public double BlobGraceHours { get; set; } = 24;

    [Setting("how long a deleted version can be restored")]
    [Positive("days")]
    public double DeletedRetentionDays { get; set; } = 30;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<RetentionOptions>;
}
