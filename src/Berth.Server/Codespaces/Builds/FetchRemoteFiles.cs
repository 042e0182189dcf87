using System.Formats.Tar;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Faults;
using Berth.Server.Oci;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Codespaces.Builds;

/// <summary>A file that was fetched for ADD.</summary>
/// <param name="Modified">Null: the other server gives no time.</param>
internal sealed record FetchedFile(RemoteFile Remote, string Local, DateTimeOffset? Modified)
{
    public async Task WriteAsync(TarWriter tar, CancellationToken cancellationToken)
    {
        await using var data = new FileStream(
            Local, FileMode.Open, FileAccess.Read, FileShare.Read, 128 * 1024, FileOptions.SequentialScan);
        await tar.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.RegularFile, Remote.Path)
            {
                DataStream = data,
                Mode = Remote.Mode,
                ModificationTime = Modified ?? DateTimeOffset.UnixEpoch,
            },
            cancellationToken);
    }
}

/// <summary>
/// Fetches the files that ADD names by URL. The engine would fetch them from the host's network. Berth fetches only from addresses that
/// outgoing requests may reach, at most a few gigabytes, and only the content that the checksum names if there is one.
/// </summary>
internal sealed class FetchRemoteFiles(RemoteHttp http, TimeProvider time)
{
    /// <summary>The limit for everything that one build fetches.</summary>
    public const long MostBytes = 2L << 30;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <param name="folder">Must not exist yet. It lies on the codespace's own disk.</param>
    /// <exception cref="FaultException">A file cannot be fetched. The message says which file and line of the Dockerfile.</exception>
    public async Task<IReadOnlyList<FetchedFile>> RunAsync(
        string folder, IReadOnlyList<RemoteFile> files, Action<string> log, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
        {
            return [];
        }

        Directory.CreateDirectory(folder);
        using var expired = new CancellationTokenSource(Longest, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
        List<FetchedFile> fetched = [];
        var left = MostBytes;
        foreach (var file in files)
        {
            log($"fetching {file.Url}");
            var local = Path.Combine(folder, fetched.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
            try
            {
                fetched.Add(new FetchedFile(file, local, await FetchAsync(file, local, left, ending.Token)));
                left -= new FileInfo(local).Length;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Fault(file, $"it took longer than {Longest.TotalMinutes:0} minutes");
            }
        }

        return fetched;
    }

    private Task<DateTimeOffset?> FetchAsync(RemoteFile file, string local, long most, CancellationToken cancellationToken) =>
        OutsideFile.ReadAsync(
            http, file.Url, reason => Fault(file, reason), (response, token) => KeepAsync(file, local, most, response, token),
            cancellationToken);

    private static async Task<DateTimeOffset?> KeepAsync(
        RemoteFile file, string local, long most, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > most)
        {
            throw TooLarge(file);
        }

        var algorithm = file.Checksum?.Algorithm ?? Digest.Sha256;
        using var hash = Digest.Begin(algorithm);
        await using (var target = new FileStream(local, FileMode.CreateNew, FileAccess.Write, FileShare.None, 128 * 1024))
        await using (var body = await response.Content.ReadAsStreamAsync(cancellationToken))
        {
            var buffer = new byte[128 * 1024];
            int read;
            while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if ((most -= read) < 0)
                {
                    throw TooLarge(file);
                }

                hash.AppendData(buffer.AsSpan(0, read));
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }

        var digest = Digest.Of(algorithm, hash.GetHashAndReset());
        return file.Checksum is null || file.Checksum == digest
            ? response.Content.Headers.LastModified
            : throw Fault(file, $"its content is {digest.Value}, not {file.Checksum.Value}");
    }

    private static FaultException TooLarge(RemoteFile file) =>
        Fault(file, $"what a build fetches is more than {MostBytes >> 30} GiB");

    private static FaultException Fault(RemoteFile file, string reason) =>
        new(FaultKind.Build, $"{file.Place}: ADD {DockerfileParser.Short(file.Url.ToString())}: {reason}");
}
