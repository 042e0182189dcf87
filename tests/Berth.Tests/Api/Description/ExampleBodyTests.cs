using System.Text.Json.Nodes;
using Berth.Server.Api.Description;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Api.Description;

/// <summary>The server can read the smallest body that the description allows, whatever it then says about the contents.</summary>
public sealed class ExampleBodyTests(RouteServer routes) : IClassFixture<RouteServer>
{
    private static readonly string[] OfShape =
    [
        "must be a string", "must be true or false", "must be a whole number", "must be a list", "must be an object", "must be one of",
        "must be a time",
    ];

    /// <summary>Routes that need a field because of another one, or one of several. No schema of a record can say that.</summary>
    private static readonly Dictionary<string, string> Dependent = new(StringComparer.Ordinal)
    {
        ["/registry-check"] = """{"image":"registry.example/acme/app:1","secret_prefix":"ACR"}""",
        ["/orgs/{org}/codespaces/secrets/{secret}"] = """{"encrypted_value":"…","key_id":"1","visibility":"all"}""",
        ["/repos/{owner}/{repo}/codespaces/secrets/{secret}"] = """{"encrypted_value":"…","key_id":"1"}""",
        ["/user/codespaces/secrets/{secret}"] = """{"encrypted_value":"…","key_id":"1"}""",
    };

    [Fact]
    public async Task The_least_body_that_is_described_is_read()
    {
        var server = routes.Trusted.Server;
        var document = server.Services.GetRequiredService<ApiDocument>().Root;
        List<string> faults = [];
        foreach (var (path, operations) in (JsonObject)document["paths"]!)
        {
            foreach (var (method, operation) in (JsonObject)operations!)
            {
                if (operation!["requestBody"]?["content"]?["application/json"]?["schema"] is not { } schema)
                {
                    continue;
                }

                var body = Dependent.GetValueOrDefault(path)
                    ?? SchemaHtml.Example(schema, name => document["components"]!["schemas"]![name]!)!.ToJsonString();
                var world = await RouteWorld.CreateAsync(routes.Trusted);
                var (verb, filled) = world.Fill($"{method.ToUpperInvariant()} /api/v3{path}");
                var caller = path.StartsWith("/admin/", StringComparison.Ordinal) ? server.Administrator() : world.Callers[5];
                var reply = await caller.CallAsync(verb, filled, body);
                if ((int)reply.Status is 400 or >= 500 || reply.Body.Contains("missing_field", StringComparison.Ordinal)
                    || Array.Exists(OfShape, words => reply.Body.Contains(words, StringComparison.Ordinal)))
                {
                    faults.Add($"{verb} {path} {body}: {(int)reply.Status} {reply.Body}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }
}
