using System.ComponentModel.DataAnnotations;
using Berth.Server.Settings;
using Microsoft.Extensions.Options;

namespace Berth.Server.Http;

/// <summary>The server's own certificate. Without one it speaks plain http.</summary>
internal sealed partial class TlsOptions : IValidatableObject
{
    [Setting("PEM file with the certificate and its chain; with it the server speaks https. "
        + "Both files are read again when they have changed")]
    [TogetherWith(nameof(TlsKeyFile))]
    [ExistingFile]
    public string? TlsCertFile { get; set; }

    [Setting("PEM file with the certificate's key")]
    [ExistingFile]
    public string? TlsKeyFile { get; set; }

    /// <summary>Checks the files, so that a server that starts can use them.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!File.Exists(TlsCertFile) || !File.Exists(TlsKeyFile))
        {
            yield break;
        }

        if (Fault() is { } fault)
        {
            yield return new($"BERTH_TLS_CERT_FILE and BERTH_TLS_KEY_FILE cannot be used: {fault}");
        }
    }

    private string? Fault()
    {
        try
        {
            return PemCertificate.TryParse(PemFiles.Read(this), out _, out var fault) ? null : fault;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<TlsOptions>;
}
