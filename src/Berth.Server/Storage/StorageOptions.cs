using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Storage;

/// <summary>Where bytes are kept.</summary>
internal sealed partial class StorageOptions
{
    private const string Scheme = "file:";
    private const string DefaultFolder = "blobs";

    [Setting("where blobs lie; uploads in progress lie beside them, on the same filesystem", Default = "`file:DATA/" + DefaultFolder + "`")]
    [Form("file:PATH", Scheme)]
    public string? Blobs { get; set; }

    public string FolderIn(DataOptions data) => Blobs?[Scheme.Length..] ?? Path.Combine(data.DataPath, DefaultFolder);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<StorageOptions>;
}
