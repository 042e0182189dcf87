using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Berth.Tests.TestServer;

/// <summary>
/// A certificate for localhost or for the given names, and its key, as PEM files. Clients trust it if they get the certificate as their
/// authority.
/// </summary>
internal static class SelfSigned
{
    public static (string Certificate, string Key) Write(string folder, params string[] hosts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=berth.test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Length == 0 ? ["localhost"] : hosts)
        {
            names.AddDnsName(host);
        }

        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var from = TimeProvider.System.GetUtcNow().AddDays(-1);
        using var certificate = request.CreateSelfSigned(from, from.AddDays(30));
        var paths = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        File.WriteAllText(paths.Item1, certificate.ExportCertificatePem());
        File.WriteAllText(paths.Item2, key.ExportPkcs8PrivateKeyPem());
        return paths;
    }
}
