using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Registry;

/// <summary>What may be pushed.</summary>
internal sealed partial class RegistryOptions
{
    public const string On = "on";
    public const string ReadOnly = "read-only";
    public const string Off = "off";

    [Setting("`read-only`: nothing is pushed to the container registry or deleted from it. `off`: it is not there. The REST API goes on")]
    [OneOf(On, ReadOnly, Off)]
    public string ContainerRegistry { get; set; } = On;

    [Setting("the largest blob")]
    [Positive("GiB")]
    public double MaxLayerGiB { get; set; } = 10;

    [Setting("the largest manifest")]
    [Positive("MiB")]
    public double MaxManifestMiB { get; set; } = 4;

    [Setting("`true`: a manifest may name what is not here: manifests of an index, layers and configuration of an image. "
        + "What is pushed later is held by it")]
    public bool SparseManifests { get; set; }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<RegistryOptions>;
}
