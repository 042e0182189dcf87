using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>A container registry that the operator made read-only or switched off.</summary>
public sealed class ClosedRegistryTests
{
    [Fact]
    public async Task Read_only_serves_what_is_there_and_takes_nothing()
    {
        await using var server = await BerthServer.StartAsync(false, "BERTH_CONTAINER_REGISTRY=read-only");
        using var repository = TestRepository.New(server);
        Assert.Equal(200, await repository.StatusAsync("GET", "/v2/"));
        Assert.Equal(404, await repository.StatusAsync("GET", "tags/list"));
        foreach (var (method, path) in new[] { ("POST", "blobs/uploads/"), ("PUT", "manifests/latest"), ("DELETE", "manifests/latest") })
        {
            var answer = await repository.SendAsync(method, path, [1]);
            Assert.Equal((405, "UNSUPPORTED"), (answer.Status, answer.Code));
            Assert.Contains("read-only", answer.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Off_says_so_and_the_rest_goes_on()
    {
        await using var server = await BerthServer.StartAsync(false, "BERTH_CONTAINER_REGISTRY=off");
        using var repository = TestRepository.New(server);
        var answer = await repository.SendAsync("GET", "tags/list");
        Assert.Equal((404, "UNSUPPORTED"), (answer.Status, answer.Code));
        Assert.Equal(404, await repository.StatusAsync("GET", "/v2/"));
        await server.Administrator().DoAsync("GET", "/user");
    }
}
