using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Tests.Npm;

namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>
/// Records what writers published and what the server acknowledged, and checks both against a server that was killed meanwhile.
/// </summary>
internal sealed class PublishLog(string owner)
{
    private const int Packages = 4;
    private readonly ConcurrentQueue<Published> _fresh = [];
    private readonly List<Published> _checked = [];
    private int _acknowledgements;

    /// <summary>The number of 201 answers so far.</summary>
    public int Acknowledgements => Volatile.Read(ref _acknowledgements);

    public int CutOff { get; private set; }

    public int VisibleAnyway { get; private set; }

    /// <summary>The number of versions.</summary>
    public int Versions => _checked.Count;

    /// <summary>
    /// Publishes versions one after the other, of packages that other writers publish too, until the server no longer answers.
    /// </summary>
    public async Task PublishUntilKilledAsync(RawNpm npm, int round, int writer, CancellationToken cancellationToken)
    {
        for (var number = 0; ; number++)
        {
            var version = Published.Create($"@{owner}/kill-{(writer + number) % Packages}", $"{round}.{writer}.{number}");
            _fresh.Enqueue(version);
            try
            {
                using var answer = await npm.TryPublishAsync(version.Name, version.Document(), cancellationToken);
                await IsAsync(HttpStatusCode.Created, answer, version, cancellationToken);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
            {
                return;
            }

            version.Acknowledged = true;
            Interlocked.Increment(ref _acknowledgements);
        }
    }

    /// <summary>Waits for this many acknowledgements of the writers.</summary>
    public async Task ReachAsync(int acknowledgements, IReadOnlyCollection<Task> writers, CancellationToken cancellationToken)
    {
        while (Acknowledgements < acknowledgements)
        {
            if (writers.FirstOrDefault(writer => writer.IsCompleted) is { } ended)
            {
                await ended;
                Assert.Fail("a writer ended before the server was killed");
            }

            await Task.Delay(1, cancellationToken);
        }
    }

    /// <summary>
    /// Checks that everything acknowledged is there. For the rest, packuments and tarballs must agree, and another publish must make it
    /// exist.
    /// </summary>
    public async Task CheckAsync(RawNpm npm)
    {
        var seen = await SeenAsync(npm);
        while (_fresh.TryDequeue(out var version))
        {
            var there = seen.TryGetValue((version.Name, version.Number), out var integrity);
            Assert.True(there || !version.Acknowledged, $"{version} was acknowledged and is gone");
            await BytesAreAsync(npm, version, there ? integrity : null);
            if (!version.Acknowledged)
            {
                CutOff++;
                VisibleAnyway += there ? 1 : 0;
                using var again = await npm.TryPublishAsync(version.Name, version.Document(), CancellationToken.None);
                await IsAsync(there ? HttpStatusCode.Conflict : HttpStatusCode.Created, again, version, CancellationToken.None);
            }

            _checked.Add(version);
        }
    }

    /// <summary>Checks that everything that was ever published is there with its bytes, and nothing else.</summary>
    public async Task CheckAllAsync(RawNpm npm)
    {
        var seen = await SeenAsync(npm);
        Assert.Equal(
            _checked.Select(version => version.ToString()).Order(StringComparer.Ordinal),
            seen.Keys.Select(key => $"{key.Name}@{key.Version}").Order(StringComparer.Ordinal));
        foreach (var version in _checked)
        {
            await BytesAreAsync(npm, version, seen[(version.Name, version.Number)]);
        }
    }

    /// <summary>Reads the versions of all packages with their checksums. Both forms of the packument must say the same.</summary>
    private async Task<Dictionary<(string Name, string Version), string>> SeenAsync(RawNpm npm)
    {
        Dictionary<(string, string), string> seen = [];
        for (var number = 0; number < Packages; number++)
        {
            var name = $"@{owner}/kill-{number}";
            var whole = await npm.PackumentAsync(name, whole: true, CancellationToken.None);
            var installed = await npm.PackumentAsync(name, whole: false, CancellationToken.None);
            if (whole is null || installed is null)
            {
                Assert.True(whole is null && installed is null, $"{name} is there in one form of its packument alone");
                continue;
            }

            var versions = Sums(whole.Value);
            Assert.Equal(versions, Sums(installed.Value));
            Assert.All(
                whole.Value.GetProperty("dist-tags").EnumerateObject(),
                tag => Assert.Contains(tag.Value.GetString()!, versions as IDictionary<string, string>));
            foreach (var (version, integrity) in versions)
            {
                seen.Add((name, version), integrity);
            }
        }

        return seen;
    }

    private static Dictionary<string, string> Sums(JsonElement packument) => packument.GetProperty("versions").EnumerateObject()
        .ToDictionary(
            version => version.Name, version => version.Value.GetProperty("dist").GetProperty("integrity").GetString()!,
            StringComparer.Ordinal);

    /// <param name="integrity">Null: the packument has no such version.</param>
    private static async Task BytesAreAsync(RawNpm npm, Published version, string? integrity)
    {
        var bytes = await npm.TarballAsync(version.Name, version.Number, CancellationToken.None);
        Assert.True((bytes is null) == (integrity is null), $"of {version} there is a tarball or a line in the packument, not both");
        if (bytes is not null)
        {
            Assert.True(bytes.AsSpan().SequenceEqual(version.Tarball), $"{version} came back with other bytes");
            Assert.Equal("sha512-" + Convert.ToBase64String(SHA512.HashData(bytes)), integrity);
        }
    }

    private static async Task IsAsync(
        HttpStatusCode status, HttpResponseMessage answer, Published version, CancellationToken cancellationToken)
    {
        if (answer.StatusCode != status)
        {
            Assert.Fail(
                $"publishing {version} answers {(int)answer.StatusCode}, not {(int)status}: "
                    + await answer.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    private sealed record Published(string Name, string Number, byte[] Tarball)
    {
        public bool Acknowledged { get; set; }

        public static Published Create(string name, string version) => new(
            name, version,
            NpmRequests.Tarball(
                $$"""{"name":"{{name}}","version":"{{version}}"}""",
                more: RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 400_000))));

        public JsonObject Document() => NpmRequests.Document(Name, Number, tarball: Tarball);

        public override string ToString() => $"{Name}@{Number}";
    }
}
