using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Http;

/// <summary>The server's own certificate; without one it speaks plain http.</summary>
internal sealed partial class TlsOptions
{
    [Setting("PEM file with the certificate and its chain; with it the server speaks https")]
    [TogetherWith(nameof(TlsKeyFile))]
    [ExistingFile]
    public string? TlsCertFile { get; set; }

    [Setting("PEM file with the certificate's key")]
    [ExistingFile]
    public string? TlsKeyFile { get; set; }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<TlsOptions>;
}
