using System.Net;
using System.Net.Sockets;
using System.Text;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>distribution-spec, "Pushing blobs".</summary>
public sealed class UploadTests(SharedServer shared)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task A_blob_can_be_pushed_in_one_post(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var content = TestRepository.Random(5000);
        var digest = TestRepository.Sha256(content);
        var answer = await repository.SendAsync("POST", $"blobs/uploads/?digest={digest}", content, "application/octet-stream");
        Assert.Equal(
            (201, $"/v2/{repository.Name}/blobs/{digest}", digest),
            (answer.Status, answer.Header("Location"), answer.Header("Docker-Content-Digest")));
        Assert.Equal(content, (await repository.SendAsync("GET", answer.Header("Location")!)).Body);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task A_blob_can_be_pushed_with_post_and_put(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var content = TestRepository.Random(300_000);
        var start = await repository.SendAsync("POST", "blobs/uploads/", []);
        var id = start.Header("Docker-Upload-UUID");
        Assert.Equal(
            (202, $"/v2/{repository.Name}/blobs/uploads/{id}", "0-0"), (start.Status, start.Header("Location"), start.Header("Range")));
        var digest = TestRepository.Sha256(content);
        var end = await repository.SendAsync("PUT", $"{start.Header("Location")}?digest={digest}", content, "application/octet-stream");
        Assert.Equal(
            (201, $"/v2/{repository.Name}/blobs/{digest}", digest),
            (end.Status, end.Header("Location"), end.Header("Docker-Content-Digest")));
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{digest}")).Body);
        Assert.Equal(404, await repository.StatusAsync("GET", start.Header("Location")!));
    }

    [Theory]
    [InlineData("web", true)]
    [InlineData("tools/ci/base", true)]
    [InlineData("web", false)]
    public async Task A_blob_can_be_pushed_in_chunks_with_and_without_ranges(string name, bool ranges)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var content = TestRepository.Random(1_000_000);
        var location = await repository.StartAsync();
        foreach (var (from, to) in ((int, int)[])[(0, 10), (10, 600_000), (600_000, 1_000_000)])
        {
            (string, string)[] range = ranges ? [("Content-Range", $"{from}-{to - 1}")] : [];
            var patch = await repository.SendAsync("PATCH", location, content[from..to], "application/octet-stream", range);
            Assert.Equal((202, $"0-{to - 1}", location), (patch.Status, patch.Header("Range"), patch.Header("Location")));
            var status = await repository.SendAsync("GET", location);
            Assert.Equal((204, $"0-{to - 1}", location), (status.Status, status.Header("Range"), status.Header("Location")));
        }

        Assert.Equal(201, (await repository.SendAsync("PUT", $"{location}?digest={TestRepository.Sha256(content)}", [])).Status);
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{TestRepository.Sha256(content)}")).Body);
    }

    [Fact]
    public async Task The_last_chunk_may_come_with_the_put()
    {
        using var repository = TestRepository.New(shared.Server);
        var content = TestRepository.Random(1000);
        var location = await repository.StartAsync();
        await repository.SendAsync("PATCH", location, content[..600], null, ("Content-Range", "0-599"));
        var put = await repository.SendAsync(
            "PUT", $"{location}?digest={TestRepository.Sha256(content)}", content[600..], null, ("Content-Range", "600-999"));
        Assert.Equal(201, put.Status);
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{TestRepository.Sha256(content)}")).Body);
    }

    [Theory]
    [InlineData("500-999")]
    [InlineData("0-99")]
    [InlineData("101-200")]
    [InlineData("99-198")]
    [InlineData("nonsense")]
    [InlineData("200-100")]
    [InlineData("-100")]
    [InlineData("100-")]
    public async Task A_chunk_elsewhere_than_where_the_upload_stands_is_refused_with_the_range_reached(string range)
    {
        using var repository = TestRepository.New(shared.Server);
        var location = await repository.StartAsync();
        await repository.SendAsync("PATCH", location, TestRepository.Random(100), null, ("Content-Range", "0-99"));
        foreach (var method in (string[])["PATCH", "PUT"])
        {
            var answer = await repository.SendAsync(
                method, $"{location}?digest={TestRepository.Sha256([])}", TestRepository.Random(100), null, ("Content-Range", range));
            Assert.Equal((416, "0-99", location), (answer.Status, answer.Header("Range"), answer.Header("Location")));
            Assert.Equal("BLOB_UPLOAD_INVALID", answer.Code);
        }

        // A 416 does not end the upload, which goes on from its present length.
        Assert.Equal(
            "0-109",
            (await repository.SendAsync("PATCH", location, TestRepository.Random(10), null, ("Content-Range", "100-109"))).Header("Range"));
    }

    [Fact]
    public async Task A_chunk_whose_lengths_differ_is_refused_and_leaves_nothing()
    {
        using var repository = TestRepository.New(shared.Server);
        var location = await repository.StartAsync();
        var answer = await repository.SendAsync("PATCH", location, TestRepository.Random(50), null, ("Content-Range", "0-99"));
        Assert.Equal((400, "SIZE_INVALID"), (answer.Status, answer.Code));
        Assert.Equal("0-0", (await repository.SendAsync("GET", location)).Header("Range"));
    }

    [Fact]
    public async Task HTTPs_own_form_of_a_range_is_understood()
    {
        using var repository = TestRepository.New(shared.Server);
        var location = await repository.StartAsync();
        Assert.Equal(
            "0-99",
            (await repository.SendAsync("PATCH", location, TestRepository.Random(100), null, ("Content-Range", "bytes 0-99/1000")))
                .Header("Range"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wrong_digest_is_refused_and_ends_the_upload(bool chunked)
    {
        using var repository = TestRepository.New(shared.Server);
        var location = await repository.StartAsync();
        var content = TestRepository.Random(100);
        if (chunked)
        {
            await repository.SendAsync("PATCH", location, content);
        }

        var wrong = TestRepository.Sha256([1, 2, 3]);
        var answer = await repository.SendAsync("PUT", $"{location}?digest={wrong}", chunked ? [] : content);
        Assert.Equal((400, "DIGEST_INVALID"), (answer.Status, answer.Code));
        Assert.Contains(TestRepository.Sha256(content), answer.Message, StringComparison.Ordinal);
        Assert.Equal(404, await repository.StatusAsync("GET", location));
        Assert.Equal(404, await repository.HeadAsync($"blobs/{wrong}"));
    }

    [Fact]
    public async Task A_wrong_digest_of_a_whole_post_is_refused()
    {
        using var repository = TestRepository.New(shared.Server);
        var answer = await repository.SendAsync("POST", $"blobs/uploads/?digest={TestRepository.Sha256([1])}", [2]);
        Assert.Equal((400, "DIGEST_INVALID"), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("?digest-algorithm=sha512", true)]
    [InlineData("?digest-algorithm=sha512", false)]
    [InlineData("", true)]
    [InlineData("", false)]
    public async Task Sha512_works_throughout(string start, bool chunked)
    {
        using var repository = TestRepository.New(shared.Server);
        var content = TestRepository.Random(700_000);
        var digest = TestRepository.Sha512(content);
        var location = await repository.StartAsync(start);
        if (chunked)
        {
            await repository.SendAsync("PATCH", location, content[..100]);
            await repository.SendAsync("PATCH", location, content[100..]);
        }

        Assert.Equal(201, (await repository.SendAsync("PUT", $"{location}?digest={digest}", chunked ? [] : content)).Status);
        var get = await repository.SendAsync("GET", $"blobs/{digest}");
        Assert.Equal((200, digest), (get.Status, get.Header("Docker-Content-Digest")));
        Assert.Equal(content, get.Body);
    }

    [Fact]
    public async Task An_empty_blob_is_a_blob()
    {
        using var repository = TestRepository.New(shared.Server);
        var digest = TestRepository.Sha256([]);
        Assert.Equal(201, (await repository.SendAsync("PUT", $"{await repository.StartAsync()}?digest={digest}", [])).Status);
        var get = await repository.SendAsync("GET", $"blobs/{digest}");
        Assert.Equal((200, 0L), (get.Status, get.ContentHeaders.ContentLength));
    }

    [Fact]
    public async Task A_cancelled_upload_is_unknown()
    {
        using var repository = TestRepository.New(shared.Server);
        var location = await repository.StartAsync();
        await repository.SendAsync("PATCH", location, TestRepository.Random(100));
        Assert.Equal(204, await repository.StatusAsync("DELETE", location));
        foreach (var method in (string[])["GET", "PATCH", "DELETE", "PUT"])
        {
            var answer = await repository.SendAsync(
                method, $"{location}?digest={TestRepository.Sha256([])}", method is "PATCH" or "PUT" ? [1] : null);
            Assert.Equal((404, "BLOB_UPLOAD_UNKNOWN"), (answer.Status, answer.Code));
        }
    }

    [Fact]
    public async Task Only_who_began_an_upload_may_go_on_with_it_and_only_under_its_name()
    {
        using var repository = TestRepository.New(shared.Server);
        await repository.ImageAsync("latest");
        var (login, token) = await People.UserAsync(shared.Server);
        using (var admin = shared.Server.Admin())
        using (var role = new StringContent("""{"role":"write"}""", Encoding.UTF8, "application/json"))
        {
            var path = $"/api/v3/users/admin/packages/container/{Uri.EscapeDataString(repository.Name["admin/".Length..])}/access/users/"
                + $"{login}";
            var granted = await admin.PutAsync(path, role, Token);
            Assert.True(granted.IsSuccessStatusCode, await granted.Content.ReadAsStringAsync(Token));
        }

        var location = await repository.StartAsync();
        using var other = new TestRepository(shared.Server, repository.Name, token);
        Assert.Equal(202, (await other.SendAsync("POST", "blobs/uploads/", [])).Status);
        Assert.Equal(404, await other.StatusAsync("GET", location));
        Assert.Equal(404, (await other.SendAsync("PATCH", location, [1])).Status);
        using var elsewhere = TestRepository.New(shared.Server);
        Assert.Equal(404, await elsewhere.StatusAsync("GET", location.Replace(repository.Name, elsewhere.Name, StringComparison.Ordinal)));
        Assert.Equal(204, await repository.StatusAsync("GET", location));
    }

    [Fact]
    public async Task A_second_request_on_an_upload_in_progress_is_refused_and_corrupts_nothing()
    {
        using var repository = TestRepository.New(shared.Server);
        var location = await repository.StartAsync();
        var content = TestRepository.Random(1000);
        using var slow = new TcpClient();
        await slow.ConnectAsync(IPAddress.Loopback, shared.Server.Url.Port, Token);
        await using var stream = slow.GetStream();
        var head = $"PATCH {location} HTTP/1.1\r\nHost: {shared.Server.Host}\r\nAuthorization: "
            + $"Bearer {BerthServer.AdminToken}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Token);

        // "100 Continue" says that the server reads the body now, so the request holds the upload.
        Assert.StartsWith("HTTP/1.1 100", await HeadAsync(stream), StringComparison.Ordinal);
        var refused = await repository.SendAsync("PATCH", location, TestRepository.Random(500));
        Assert.Equal((416, "BLOB_UPLOAD_INVALID"), (refused.Status, refused.Code));
        Assert.Equal(416, (await repository.SendAsync("PUT", $"{location}?digest={TestRepository.Sha256([])}", [])).Status);
        Assert.Equal(416, await repository.StatusAsync("DELETE", location));

        await stream.WriteAsync(content, Token);
        Assert.StartsWith("HTTP/1.1 202", await HeadAsync(stream), StringComparison.Ordinal);
        Assert.Equal(201, (await repository.SendAsync("PUT", $"{location}?digest={TestRepository.Sha256(content)}", [])).Status);
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{TestRepository.Sha256(content)}")).Body);
    }

    [Fact]
    public async Task An_upload_whose_sender_broke_off_goes_on_from_where_it_stands()
    {
        using var repository = TestRepository.New(shared.Server);
        var location = await repository.StartAsync();
        var content = TestRepository.Random(2_000_000);
        using (var broken = new TcpClient())
        {
            await broken.ConnectAsync(IPAddress.Loopback, shared.Server.Url.Port, Token);
            await using var stream = broken.GetStream();
            var head = $"PATCH {location} HTTP/1.1\r\nHost: {shared.Server.Host}\r\nAuthorization: "
                + $"Bearer {BerthServer.AdminToken}\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Token);

            // The request holds the upload before any later one arrives. If it broke off unread, it could be read after those, and hold the
            // upload then.
            Assert.StartsWith("HTTP/1.1 100", await HeadAsync(stream), StringComparison.Ordinal);
            await stream.WriteAsync(content.AsMemory(0, 1_000_000), Token);
        }

        // Until the server has noticed, the broken request holds the upload. 416 says how many bytes it has, and later requests may
        // continue.
        var reached = 0;
        Answer answer;
        do
        {
            var range = (await repository.SendAsync("GET", location)).Header("Range")!;
            reached = range == "0-0" ? 0 : int.Parse(range[2..]) + 1;
            answer = await repository.SendAsync("PATCH", location, content[reached..], null, ("Content-Range", $"{reached}-1999999"));
        }
        while (answer.Status == 416);

        Assert.Equal((202, "0-1999999"), (answer.Status, answer.Header("Range")));
        Assert.Equal(201, (await repository.SendAsync("PUT", $"{location}?digest={TestRepository.Sha256(content)}", [])).Status);
        Assert.Equal(content, (await repository.SendAsync("GET", $"blobs/{TestRepository.Sha256(content)}")).Body);
    }

    /// <summary>Reads to the end of an answer's head, in however many pieces it arrives.</summary>
    private static async Task<string> HeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, Token) > 0)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    [Fact]
    public async Task Blobs_before_the_first_manifest_are_their_uploaders_alone()
    {
        var (login, token) = await People.UserAsync(shared.Server);
        var name = $"{login}/{TestRepository.Unique("new")}";
        using var ada = new TestRepository(shared.Server, name, token);
        var digest = await ada.BlobAsync(TestRepository.Random(10));
        Assert.Equal(200, await ada.HeadAsync($"blobs/{digest}"));
        Assert.Equal(404, await ada.StatusAsync("GET", "tags/list"));
        using var stranger = new TestRepository(shared.Server, name, (await People.UserAsync(shared.Server, "bob")).Token);
        Assert.Equal(403, await stranger.HeadAsync($"blobs/{digest}"));
        using var anonymous = new TestRepository(shared.Server, name, token: null);
        Assert.Equal(401, await anonymous.HeadAsync($"blobs/{digest}"));
    }
}

/// <summary>Uploads with a manual clock, limits and restarts.</summary>
public sealed class UploadLimitTests
{
    [Fact]
    public async Task An_upload_expires_with_its_lifetime()
    {
        await using var server = await BerthServer.StartAsync(manualClock: true, "BERTH_UPLOAD_LIFETIME_HOURS=2");
        using var repository = TestRepository.New(server);
        var location = await repository.StartAsync();
        server.Clock!.Advance(TimeSpan.FromHours(2));
        Assert.Equal(204, await repository.StatusAsync("GET", location));
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(404, await repository.StatusAsync("GET", location));
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("POST")]
    public async Task A_layer_above_the_limit_is_refused_with_413_and_leaves_nothing(string method)
    {
        // 1 MiB.
        await using var server = await BerthServer.StartAsync(manualClock: false, "BERTH_MAX_LAYER_GIB=0.0009765625");
        using var repository = TestRepository.New(server);
        var fits = TestRepository.Random(1 << 20);
        await repository.BlobAsync(fits);
        var large = TestRepository.Random((1 << 20) + 1);
        var location = method == "POST" ? "blobs/uploads/" : await repository.StartAsync();
        var answer = await repository.SendAsync(method, $"{location}?digest={TestRepository.Sha256(large)}", large);
        Assert.Equal((413, "SIZE_INVALID"), (answer.Status, answer.Code));
        var chunked = await repository.SendAsync(
            method, $"{location}?digest={TestRepository.Sha256(large)}", large, null, ("Transfer-Encoding", "chunked"));
        Assert.Equal((413, "SIZE_INVALID"), (chunked.Status, chunked.Code));
        Assert.Equal(404, await repository.HeadAsync($"blobs/{TestRepository.Sha256(large)}"));
        if (method != "POST")
        {
            Assert.Equal("0-0", (await repository.SendAsync("GET", location)).Header("Range"));
        }
    }
}
