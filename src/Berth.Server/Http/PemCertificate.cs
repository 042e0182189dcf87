using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Berth.Server.Http;

/// <summary>The texts of the two files of a certificate.</summary>
internal sealed record PemFiles(string Certificate, string Key)
{
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The server may not read a file.</exception>
    public static PemFiles Read(TlsOptions options) =>
        new(File.ReadAllText(options.TlsCertFile!), File.ReadAllText(options.TlsKeyFile!));
}

/// <summary>A certificate with its key and chain, and the files that it was read from.</summary>
internal sealed record PemCertificate(SslStreamCertificateContext Context, PemFiles Files)
{
    public X509Certificate2 Leaf => Context.TargetCertificate;

    /// <summary>The first certificate in the file is the server's, and the others are its chain. A missing link is not fetched.</summary>
    public static bool TryParse(
        PemFiles files, [NotNullWhen(true)] out PemCertificate? certificate, [NotNullWhen(false)] out string? fault)
    {
        (certificate, fault) = (null, null);
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(files.Certificate);
            var leaf = X509Certificate2.CreateFromPem(files.Certificate, files.Key);
            certificate = new PemCertificate(SslStreamCertificateContext.Create(leaf, chain, offline: true), files);
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            fault = exception.Message;
            return false;
        }
    }

    /// <summary>
    /// The names among the given ones that clients would not find in it. The common name does not count, since clients ignore it.
    /// </summary>
    public IEnumerable<string> Lacks(IEnumerable<string> names) =>
        names.Where(name => !Leaf.MatchesHostname(name.Trim('[', ']'), allowWildcards: true, allowCommonName: false));
}
