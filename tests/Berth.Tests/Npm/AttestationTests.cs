using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary>What <c>npm publish --provenance</c> attaches is stored with the version, and served unchanged.</summary>
public sealed class AttestationTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Predicate = "https://slsa.dev/provenance/v1";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bundle_is_served_as_it_came_to_whoever_may_read_the_version()
    {
        var ada = await shared.Server.UserAsync();
        var name = $"@{ada.Login}/lib";
        var statement = $$$"""{"_type":"https://in-toto.io/Statement/v1","predicateType":"{{{Predicate}}}","predicate":{"é":"<&>"}}""";
        var bundle = $$$"""
            {"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"tlogEntries":[{"logIndex":"12345678901234567890"}]},
             "dsseEnvelope":{"payload":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(statement))}}}","signatures":[{"sig":"MEU+/=="}]}}
            """;
        var document = NpmRequests.Document(name, "1.0.0");
        document["_attachments"]![$"{name}-1.0.0.sigstore"] = new JsonObject
        {
            ["content_type"] = "application/vnd.dev.sigstore.bundle.v0.3+json",
            ["data"] = bundle,
            ["length"] = bundle.Length,
        };
        Assert.Equal(HttpStatusCode.Created, (await ada.CallAsync("PUT", NpmRequests.Path(name), document.ToJsonString())).Status);
        await ada.PublishAsync(name, "1.1.0");

        // Both forms name the address, which npm reads before it installs.
        foreach (var accept in new[] { "application/json", "application/vnd.npm.install-v1+json" })
        {
            using var packument = await shared.Server.FetchAsync(
                NpmRequests.Path(name), ada.Token, headers => headers.Accept.ParseAdd(accept));
            var versions = JsonNode.Parse(await packument.Content.ReadAsStringAsync(Token))!["versions"]!;
            Assert.Null(versions["1.1.0"]!["dist"]!["attestations"]);
            var attestations = versions["1.0.0"]!["dist"]!["attestations"]!;
            Assert.Equal(Predicate, (string)attestations["provenance"]!["predicateType"]!);
            var served = await ada.CallAsync("GET", new Uri((string)attestations["url"]!).PathAndQuery);
            Assert.Equal(HttpStatusCode.OK, served.Status);
            var one = Assert.Single(JsonNode.Parse(served.Body)!["attestations"]!.AsArray())!;
            Assert.Equal(Predicate, (string)one["predicateType"]!);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(bundle), one["bundle"]), served.Body);
        }

        var path = $"/npm/-/npm/v1/attestations/{name}@1.0.0";
        var encoded = path.Replace($"{ada.Login}/", $"{ada.Login}%2f", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await ada.CallAsync("GET", encoded)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.CallAsync("GET", $"/npm/-/npm/v1/attestations/{name}@1.1.0")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await shared.Server.Nobody().CallAsync("GET", path)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await (await shared.Server.UserAsync()).CallAsync("GET", path)).Status);
    }
}
