using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Server;
using Berth.Tests.Npm;

namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>Publishes and reads as npm does, without a process for each request.</summary>
internal sealed class RawNpm(Person person) : IDisposable
{
    private const string InstallType = "application/vnd.npm.install-v1+json";

    private static readonly byte[] Index = Encoding.UTF8.GetBytes(
        """
        const own = require('./package.json');
        module.exports = [...new Set([`${own.name}@${own.version}`, ...Object.keys(own.dependencies ?? {}).flatMap(name => require(name))])];
        """);

    private readonly HttpClient _http = person.Api();

    /// <summary>Publishes all packages of a tree, several at once, as public ones.</summary>
    public Task PublishAsync(PackageTree tree) => Parallel.ForEachAsync(
        tree.Packages, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken },
        async (versions, token) =>
        {
            foreach (var version in versions)
            {
                await PublishAsync(version, "public", token);
            }
        });

    /// <summary>Publishes a version that tells a program its name and its dependencies.</summary>
    /// <param name="access">The value of <c>npm publish --access</c>.</param>
    public async Task PublishAsync(TreeVersion version, string access, CancellationToken cancellationToken)
    {
        var extra = $$""","main":"index.js","dependencies":{{JsonSerializer.Serialize(version.Dependencies)}}""";
        var manifest = $$"""{"name":"{{version.Name}}","version":"{{version.Version}}"{{extra}}}""";
        var tarball = NpmRequests.Tarball(manifest, more: Index, morePath: "package/index.js");
        var document = NpmRequests.Document(version.Name, version.Version, extra, tarball);
        document["access"] = access;
        using var answer = await TryPublishAsync(version.Name, document, cancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(cancellationToken));
    }

    public async Task<HttpResponseMessage> TryPublishAsync(string name, JsonObject document, CancellationToken cancellationToken)
    {
        using var content = new StringContent(document.ToJsonString(), Encoding.UTF8, "application/json");
        return await _http.PutAsync(At(name), content, cancellationToken);
    }

    /// <param name="whole">False: the short form that an installation reads.</param>
    /// <returns>Null when there is no such package.</returns>
    public async Task<JsonElement?> PackumentAsync(string name, bool whole, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, At(name));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(whole ? "application/json" : InstallType));
        using var answer = await _http.SendAsync(request, cancellationToken);
        return await ContentAsync(answer, cancellationToken) is { } content ? JsonSerializer.Deserialize<JsonElement>(content) : null;
    }

    /// <summary>Null when there is nothing.</summary>
    public async Task<byte[]?> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync(address, cancellationToken);
        return await ContentAsync(answer, cancellationToken);
    }

    public Task<byte[]?> TarballAsync(string name, string version, CancellationToken cancellationToken) =>
        GetAsync(new Uri(person.Server.Npm, $"{name}/-/{name.Split('/')[1]}-{version}.tgz"), cancellationToken);

    public void Dispose() => _http.Dispose();

    private Uri At(string name) => new(person.Server.Npm, name.Replace("/", "%2f", StringComparison.Ordinal));

    private static async Task<byte[]?> ContentAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }
}
