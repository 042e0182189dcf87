using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Npm;

/// <summary>What may be published.</summary>
internal sealed partial class NpmOptions
{
    public const string On = "on";
    public const string ReadOnly = "read-only";
    public const string Off = "off";

    [Setting("`read-only`: nothing is published to the npm registry or removed from it. `off`: it is not there. The REST API goes on")]
    [OneOf(On, ReadOnly, Off)]
    public string NpmRegistry { get; set; } = On;

    [Setting("the largest tarball of an npm package")]
    [Positive("MiB")]
    public double MaxTarballMiB { get; set; } = 256;

    public long LargestTarball => (long)(MaxTarballMiB * (1 << 20));

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<NpmOptions>;
}
