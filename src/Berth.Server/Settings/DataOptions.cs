using Microsoft.Extensions.Options;

namespace Berth.Server.Settings;

/// <summary>The folder for everything whose place has no setting of its own.</summary>
internal sealed partial class DataOptions
{
    [Setting("folder for everything embedded. One process holds it at a time")]
    [FilePath]
    public string Data { get; set; } = "./data";

    public string DataPath => Path.GetFullPath(Data);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<DataOptions>;
}
