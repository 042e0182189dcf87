using System.Security.Cryptography;
using Berth.Server.Faults;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Features;

/// <summary>
/// Fetches a feature by the URL of its archive (containers.dev, "Referencing a Feature"). The content behind a URL may change at any time.
/// So its digest keeps contents apart, and the log shows it.
/// </summary>
internal sealed class FetchFeatureArchive(RemoteHttp http, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <returns>The archive, and its digest.</returns>
    /// <exception cref="FaultException">The archive cannot be fetched. The message says why.</exception>
    public async Task<(byte[] Archive, string Digest)> RunAsync(FeatureName name, CancellationToken cancellationToken)
    {
        using var expired = new CancellationTokenSource(Longest, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
        try
        {
            var archive = await OutsideFile.ReadAsync(http, name.Address!, Fault, ReadAsync, ending.Token);
            return (archive, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(archive)));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Fault($"it took longer than {Longest.TotalMinutes:0} minutes");
        }

        FaultException Fault(string reason) => new(FaultKind.Configuration, $"the feature {name.Text} cannot be had: {reason}");

        async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken token)
        {
            using var content = new MemoryStream();
            await using var body = await response.Content.ReadAsStreamAsync(token);
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await body.ReadAsync(buffer, token)) > 0)
            {
                if (content.Length + read > FeatureArchive.MaxBytes)
                {
                    throw Fault($"it is larger than {FeatureArchive.MaxBytes >> 20} MiB");
                }

                content.Write(buffer, 0, read);
            }

            return content.ToArray();
        }
    }
}
