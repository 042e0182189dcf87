using System.Net.Http.Headers;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary>npm's requests made by hand, so that a test can also send wrong ones.</summary>
public static partial class NpmRequests
{
    public static Task<Reply> PublishAsync(
        this Person person, string name, string version = "1.0.0", string extra = "", string tag = "latest") =>
        person.CallAsync("PUT", Path(name), Document(name, version, extra, tag: tag).ToJsonString());

    /// <summary>A package's path in npm's spelling.</summary>
    public static string Path(string name) => "/npm/" + name.Replace("/", "%2f", StringComparison.Ordinal);

    public static async Task<JsonElement> PackumentAsync(this Person person, string name)
    {
        var reply = await person.CallAsync("GET", Path(name) + "?write=true");
        Assert.True(reply.Status == System.Net.HttpStatusCode.OK, reply.Body);
        return reply.Json;
    }

    public static string Error(this Reply reply) => reply["error"].GetString()!;

    /// <summary>Sends <c>Accept</c>, and uses no cache.</summary>
    public static async Task<HttpResponseMessage> FetchAsync(
        this BerthServer server, string path, string? token = null, Action<HttpRequestHeaders>? headers = null)
    {
        using var client = server.Client(token);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        headers?.Invoke(request.Headers);
        return await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, TestContext.Current.CancellationToken);
    }
}
