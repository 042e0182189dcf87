using Microsoft.Extensions.Options;

namespace Berth.Server.Settings;

/// <summary>The folder of everything that has no setting of its own for its place.</summary>
internal sealed partial class DataOptions
{
    [Setting("folder for everything embedded. One process holds it at a time")]
    [FilePath]
    public string Data { get; set; } = "./data";

    public string DataPath => Path.GetFullPath(Data);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<DataOptions>;
}
