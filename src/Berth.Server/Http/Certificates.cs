using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Berth.Server.Http;

/// <summary>The server's certificate from PEM files, with its chain.</summary>
internal static class Certificates
{
    public static HttpsConnectionAdapterOptions Load(TlsOptions options)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(options.TlsCertFile!);
        return new HttpsConnectionAdapterOptions
        {
            ServerCertificate = X509Certificate2.CreateFromPemFile(options.TlsCertFile!, options.TlsKeyFile),
            ServerCertificateChain = chain,
        };
    }
}
