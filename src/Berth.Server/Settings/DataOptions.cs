using Microsoft.Extensions.Options;

namespace Berth.Server.Settings;

/// <summary>Where everything lies that has no place of its own.</summary>
internal sealed partial class DataOptions
{
    [Setting("folder for everything embedded. One process holds it at a time")]
    [FilePath]
    public string Data { get; set; } = "./data";

    public string DataPath => Path.GetFullPath(Data);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<DataOptions>;
}
