using System.Security.Cryptography;
using Berth.Server.Database;
using Berth.Server.GarbageCollection;
using Berth.Tests.Registry;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.GarbageCollection;

/// <summary>
/// What the collector removes and what it leaves, with a manual clock. Grace is 24 hours, retention 30 days, an upload's lifetime 24 hours.
/// </summary>
public sealed class CollectorTests : IAsyncLifetime
{
    private static readonly TimeSpan Grace = TimeSpan.FromHours(24);
    private static readonly TimeSpan Retention = TimeSpan.FromDays(30);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    private BerthServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await BerthServer.StartAsync(manualClock: true);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_blob_that_no_manifest_holds_goes_after_the_grace_period()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("latest");
        var loose = await repository.BlobAsync(TestRepository.Random(100));
        var files = Files();
        _server.Clock!.Advance(Grace);
        Assert.False((await CollectAsync()).Any);
        _server.Clock.Advance(Moment);
        var collected = await CollectAsync();
        Assert.Equal((1, 1), (collected.Links, collected.Blobs));
        Assert.Equal(404, await repository.HeadAsync($"blobs/{loose}"));
        Assert.Equal(files - 1, Files());
        Assert.Equal(200, await repository.StatusAsync("GET", "manifests/latest"));
        Assert.False((await CollectAsync()).Any);
    }

    [Fact]
    public async Task One_run_takes_all_that_may_go_from_between_what_stays()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("latest");
        for (var i = 0; i < 150; i++)
        {
            await repository.BlobAsync(TestRepository.Random(10));
            _server.Clock!.Advance(Moment);
            if (i % 50 == 0)
            {
                await repository.ImageAsync($"t{i}");
            }
        }

        _server.Clock!.Advance(Grace + Moment);
        var collected = await CollectAsync();
        Assert.Equal((150, 150), (collected.Links, collected.Blobs));
        Assert.False((await CollectAsync()).Any);
        Assert.Equal(200, await repository.StatusAsync("GET", "manifests/t100"));
    }

    [Fact]
    public async Task A_site_administrator_does_not_wait_for_the_next_run()
    {
        var admin = _server.Administrator();
        Assert.Equal("none", (await admin.DoAsync("GET", "/admin/garbage-collection"))["state"].GetString());
        using var repository = TestRepository.New(_server);
        await repository.BlobAsync(TestRepository.Random(100));
        _server.Clock!.Advance(Grace + Moment);
        await admin.DoAsync("POST", "/admin/garbage-collection");
        Reply run;
        do
        {
            run = await admin.DoAsync("GET", "/admin/garbage-collection");
        }
        while (run["state"].GetString() == "running");

        Assert.Equal(("finished", 1, 100), (run["state"].GetString(), run["blobs"].GetInt64(), run["bytes"].GetInt64()));
    }

    [Fact]
    public async Task A_look_by_somebody_who_may_push_renews_it_at_most_hourly()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("latest");
        var loose = await repository.BlobAsync(TestRepository.Random(100));
        _server.Clock!.Advance(Grace - TimeSpan.FromMinutes(5));
        Assert.Equal(200, await repository.HeadAsync($"blobs/{loose}"));
        _server.Clock.Advance(Grace);
        Assert.Equal(0, (await CollectAsync()).Links);
        _server.Clock.Advance(Moment);
        Assert.Equal(1, (await CollectAsync()).Links);
    }

    [Fact]
    public async Task A_look_by_a_reader_renews_nothing()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("latest");
        var db = _server.Services.GetRequiredService<Db>();
        await db.WriteAsync(session => session.ExecuteAsync("update packages set visibility = 'public'"), Token);
        var loose = await repository.BlobAsync(TestRepository.Random(100));
        _server.Clock!.Advance(Grace - Moment);
        var (_, token) = await People.UserAsync(_server);
        using var reader = new TestRepository(_server, repository.Name, token);
        Assert.Equal(200, await reader.HeadAsync($"blobs/{loose}"));
        _server.Clock.Advance(Moment + Moment);
        Assert.Equal(1, (await CollectAsync()).Links);
    }

    [Fact]
    public async Task A_deleted_manifest_keeps_its_blobs_until_its_retention_is_over()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("kept");
        var (digest, _, _) = await repository.ImageAsync("latest");
        await repository.SendAsync("DELETE", $"manifests/{digest}");
        await CollectAsync();
        var files = Files();
        _server.Clock!.Advance(Retention);
        Assert.False((await CollectAsync()).Any);
        _server.Clock.Advance(Moment);
        var collected = await CollectAsync();
        Assert.Equal((1, 1, 1), (collected.Manifests, collected.Links, collected.Blobs));
        Assert.Equal(files - 1, Files());
        Assert.Equal(200, await repository.StatusAsync("GET", "manifests/kept"));
    }

    [Fact]
    public async Task A_blob_stays_while_another_package_has_it()
    {
        using var one = TestRepository.New(_server);
        using var two = TestRepository.New(_server);
        var (_, _, layer) = await one.ImageAsync("latest");
        await two.ImageAsync("latest");
        Assert.Equal(201, (await two.SendAsync("POST", $"blobs/uploads/?mount={layer}&from={one.Name}", [])).Status);
        _server.Clock!.Advance(Grace + Moment);
        var collected = await CollectAsync();
        Assert.Equal((1, 0), (collected.Links, collected.Blobs));
        Assert.Equal(404, await two.HeadAsync($"blobs/{layer}"));
        Assert.Equal(200, await one.StatusAsync("GET", $"blobs/{layer}"));
    }

    [Fact]
    public async Task Expired_uploads_and_pending_names_go()
    {
        using var repository = TestRepository.New(_server);
        var location = await repository.StartAsync();
        await repository.SendAsync("PATCH", location, TestRepository.Random(100));
        _server.Clock!.Advance(TimeSpan.FromHours(24));
        Assert.False((await CollectAsync()).Any);
        _server.Clock.Advance(Moment);
        var collected = await CollectAsync();
        Assert.Equal((1, 1), (collected.Uploads, collected.Packages));
        Assert.Equal(0, Files());
        Assert.Equal(0, await CountAsync("select count(*) from packages"));
    }

    [Fact]
    public async Task Bytes_of_a_lost_race_go_with_the_next_run()
    {
        using var repository = TestRepository.New(_server);
        var content = TestRepository.Random(100);
        await repository.BlobAsync(content);
        await repository.BlobAsync(content);
        Assert.Equal(2, Files());
        await CollectAsync();
        Assert.Equal(1, Files());
        Assert.Equal(0, await CountAsync("select count(*) from blob_trash"));
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{TestRepository.Sha256(content)}")).Body);
    }

    [Fact]
    public async Task Files_that_no_row_names_go_when_they_are_old()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("latest");
        var kept = Files();
        var old = _server.Clock!.GetUtcNow().UtcDateTime - TimeSpan.FromHours(26);
        foreach (var (folder, age) in ((string, DateTime)[])[
            ("uploads", old), ("ab", old), ("uploads", old.AddHours(2)), ("ab", old.AddHours(2)),
        ])
        {
            var path = Path.Combine(_server.Data, "blobs", folder, "ab" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(15)));
            await File.WriteAllTextAsync(path, "x", Token);
            File.SetLastWriteTimeUtc(path, age);
        }

        Assert.Equal(2, (await CollectAsync()).Strays);
        Assert.Equal(kept + 2, Files());
    }

    [Fact]
    public async Task The_empty_layer_that_all_images_share_survives_push_mount_delete_and_collection()
    {
        // 1,024 zeros, compressed: the empty layer of every BuildKit image.
        var zeros = Convert.FromHexString("1f8b08000000000000ff621805a360148c5800080000ffff2eafb5ef00040000");
        var digest = TestRepository.Sha256(zeros);
        Assert.Equal("sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1", digest);
        using var one = TestRepository.New(_server);
        using var two = TestRepository.New(_server);
        foreach (var repository in (TestRepository[])[one, two])
        {
            await repository.BlobAsync(zeros);
            var manifest = TestRepository.Image(
                TestRepository.Descriptor(digest, zeros.Length, "application/x"), [TestRepository.Descriptor(digest, zeros.Length)]);
            Assert.Equal(201, (await repository.PutAsync("latest", manifest)).Status);
        }

        var version = (await one.SendAsync("HEAD", "manifests/latest")).Header("Docker-Content-Digest");
        Assert.Equal(202, await one.StatusAsync("DELETE", $"manifests/{version}"));
        _server.Clock!.Advance(Retention + Moment);
        Assert.Equal((1, 0), ((await CollectAsync()).Links, 0));
        Assert.Equal(404, await one.HeadAsync($"blobs/{digest}"));
        Assert.Equal(zeros, (await two.SendAsync("GET", $"blobs/{digest}")).Body);
        using var three = TestRepository.New(_server);
        Assert.Equal(201, (await three.SendAsync("POST", $"blobs/uploads/?mount={digest}&from={two.Name}", [])).Status);
        await one.BlobAsync(zeros);
        Assert.Equal(zeros, (await one.SendAsync("GET", $"blobs/{digest}")).Body);
    }

    [Fact]
    public async Task Pushes_mounts_and_deletes_never_lose_a_blob_to_a_collector_that_runs_all_the_time()
    {
        // Without grace and retention everything unused is removed at once, so every possible race can happen.
        await using var server = await BerthServer.StartAsync(
            manualClock: false, "BERTH_BLOB_GRACE_HOURS=0.0000001", "BERTH_DELETED_RETENTION_DAYS=0.00000001");
        var collector = server.Services.GetRequiredService<CollectGarbage>();
        using var stop = new CancellationTokenSource();
        var collecting = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await collector.RunOnceAsync(Token);
                }
            },
            Token);
        await Parallel.ForAsync(0, 6, Token, async (worker, _) =>
        {
            using var repository = TestRepository.New(server, $"race{worker % 3}");
            for (var round = 0; round < 15; round++)
            {
                await PushUntilAcceptedAsync(repository, round);
            }
        });
        await stop.CancelAsync();
        await collecting;
    }

    /// <summary>
    /// A client whose blob was collected before its manifest arrived pushes again. What was answered with 201 must be complete.
    /// </summary>
    private static async Task PushUntilAcceptedAsync(TestRepository repository, int round)
    {
        var shared = new byte[] { (byte)(round % 4) };
        var manifest = TestRepository.Image(
            TestRepository.Descriptor(TestRepository.Sha256(shared), 1, "application/x"),
            [TestRepository.Descriptor(TestRepository.Sha256(shared), 1)], $$""","n":{{round}}""");
        int status;
        do
        {
            var blob = await repository.SendAsync("POST", $"blobs/uploads/?digest={TestRepository.Sha256(shared)}", shared);
            Assert.Equal(201, blob.Status);
            status = (await repository.PutAsync("latest", manifest)).Status;
            Assert.Contains(status, (int[])[201, 400]);
        }
        while (status != 201);

        var get = await repository.SendAsync("GET", $"blobs/{TestRepository.Sha256(shared)}");
        Assert.Equal(200, get.Status);
        Assert.Equal(shared, get.Body);
        if (round % 2 == 0)
        {
            Assert.Equal(202, await repository.StatusAsync("DELETE", $"manifests/{TestRepository.Sha256(manifest)}"));
        }
    }

    private Task<Collected> CollectAsync() => _server.Services.GetRequiredService<CollectGarbage>().RunOnceAsync(Token);

    private int Files() => Directory.EnumerateFiles(Path.Combine(_server.Data, "blobs"), "*", SearchOption.AllDirectories).Count();

    private Task<long> CountAsync(string sql) =>
        _server.Services.GetRequiredService<Db>().ReadAsync(session => session.SingleAsync<long>(sql), Token);
}
