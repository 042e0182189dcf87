using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Cryptography;

/// <summary>Where the key is that is kept outside the database.</summary>
internal sealed partial class CryptographyOptions
{
    private const string DefaultFile = "master.key";

    [Setting("32 bytes in base64 that wrap the keys kept in the database. Made (0600) for an empty database only; "
        + "with a missing or other key the server does not start", Default = "`DATA/" + DefaultFile + "`")]
    [FilePath]
    public string? MasterKeyFile { get; set; }

    public string MasterKeyPathIn(DataOptions data) => MasterKeyFile ?? Path.Combine(data.DataPath, DefaultFile);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<CryptographyOptions>;
}
