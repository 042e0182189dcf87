using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>Simultaneous pushes of the same content or to the same new name.</summary>
public sealed class ParallelPushTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parallel_pushes_of_the_same_new_layer_all_succeed()
    {
        using var repository = TestRepository.New(shared.Server);
        await repository.ImageAsync("latest");
        var content = TestRepository.Random(500_000);
        var digest = TestRepository.Sha256(content);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            using var own = i % 2 == 0 ? new TestRepository(shared.Server, repository.Name) : TestRepository.New(shared.Server);
            var status = (await own.SendAsync("PUT", $"{await own.StartAsync()}?digest={digest}", content)).Status;
            return (status, await own.HeadAsync($"blobs/{digest}"));
        }));
        Assert.All(answers, answer => Assert.Equal((201, 200), answer));
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{digest}")).Body);
    }

    [Fact]
    public async Task First_pushes_of_many_at_once_all_succeed()
    {
        var (login, token) = await People.UserAsync(shared.Server);
        for (var round = 0; round < 10; round++)
        {
            var name = $"{login}/{TestRepository.Unique("first")}";
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
            {
                using var own = new TestRepository(shared.Server, name, token);
                List<string> said = [];
                for (var image = 0; image < 3; image++)
                {
                    var (config, layer) = (TestRepository.Random(300), TestRepository.Random(2000));
                    foreach (var content in new[] { config, layer })
                    {
                        var location = await own.StartAsync();
                        var patched = await own.SendAsync("PATCH", location, content);
                        said.Add($"PATCH {patched.Status} {(patched.Status == 202 ? "" : patched.Text)}");
                        var put = await own.SendAsync("PUT", $"{location}?digest={TestRepository.Sha256(content)}", []);
                        said.Add($"PUT {put.Status} {(put.Status == 201 ? "" : put.Text)}");
                    }

                    var manifest = TestRepository.Image(
                        TestRepository.Descriptor(TestRepository.Sha256(config), 300, "application/vnd.oci.image.config.v1+json"),
                        [TestRepository.Descriptor(TestRepository.Sha256(layer), 2000)]);
                    var answer = await own.PutAsync($"w{writer}i{image}", manifest);
                    said.Add($"manifest {answer.Status} {(answer.Status == 201 ? "" : answer.Text)}");
                }

                return said;
            }));
            Assert.All(
                answers.SelectMany(said => said), answer => Assert.Contains(answer, (string[])["PATCH 202 ", "PUT 201 ", "manifest 201 "]));
        }
    }
}
