using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>distribution-spec, "Content Discovery": tags and referrers.</summary>
public sealed class DiscoveryTests(SharedServer shared)
{
    private const string Config = "application/vnd.oci.image.config.v1+json";
    private static readonly string EmptyBlob = TestRepository.Sha256("{}"u8.ToArray());

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task Tags_are_listed_in_the_order_of_their_bytes_a_page_at_a_time(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var (_, manifest, _) = await repository.ImageAsync("b");
        foreach (var tag in (string[])["a", "B", "_x", "10", "9"])
        {
            await repository.PutAsync(tag, manifest);
        }

        string[] all = ["10", "9", "B", "_x", "a", "b"];
        var whole = await repository.SendAsync("GET", "tags/list");
        Assert.Equal((200, "application/json; charset=utf-8"), (whole.Status, whole.Header("Content-Type")));
        Assert.Equal($$"""{"name":"{{repository.Name}}","tags":["10","9","B","_x","a","b"]}""", whole.Text);
        Assert.Null(whole.Header("Link"));

        var first = await repository.SendAsync("GET", "tags/list?n=4");
        Assert.Equal(all[..4], Tags(first));
        Assert.Equal($"</v2/{repository.Name}/tags/list?n=4&last=_x>; rel=\"next\"", first.Header("Link"));
        var second = await repository.SendAsync("GET", Next(first));
        Assert.Equal(all[4..], Tags(second));
        Assert.Null(second.Header("Link"));
        Assert.Equal(all[1..], Tags(await repository.SendAsync("GET", "tags/list?last=10")));
        Assert.Equal(all[2..], Tags(await repository.SendAsync("GET", "tags/list?last=9zzz")));
        Assert.Empty(Tags(await repository.SendAsync("GET", "tags/list?last=zzz")));
        var none = await repository.SendAsync("GET", "tags/list?n=0");
        Assert.Empty(Tags(none));
        Assert.Null(none.Header("Link"));
        Assert.Equal(all, Tags(await repository.SendAsync("GET", "tags/list?n=6")));
        Assert.Null((await repository.SendAsync("GET", "tags/list?n=6")).Header("Link"));
        Assert.Equal(all, Tags(await repository.SendAsync("GET", "tags/list?n=999999999999")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?artifactType=application/sbom")]
    public async Task Referrers_are_never_404_for_who_may_read_also_where_nothing_was_published(string query)
    {
        using var repository = TestRepository.New(shared.Server);
        var answer = await repository.SendAsync("GET", $"referrers/{TestRepository.Sha256([5])}{query}");
        Assert.Equal((200, "application/vnd.oci.image.index.v1+json"), (answer.Status, answer.Header("Content-Type")));
        Assert.Equal("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", answer.Text);
    }

    [Fact]
    public async Task A_name_without_manifests_has_no_list_of_tags()
    {
        using var repository = TestRepository.New(shared.Server);
        var answer = await repository.SendAsync("GET", "tags/list");
        Assert.Equal((404, "NAME_UNKNOWN"), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("web")]
    [InlineData("tools/ci/base")]
    public async Task What_refers_to_a_manifest_is_listed_as_an_index(string name)
    {
        using var repository = TestRepository.New(shared.Server, name);
        var (subject, manifest, _) = await repository.ImageAsync("latest");
        var none = await repository.SendAsync("GET", $"referrers/{subject}");
        Assert.Equal((200, TestRepository.OciIndex), (none.Status, none.Header("Content-Type")));
        Assert.Equal($$"""{"schemaVersion":2,"mediaType":"{{TestRepository.OciIndex}}","manifests":[]}""", none.Text);

        var about = $$""","subject":{{TestRepository.Descriptor(subject, manifest.Length, TestRepository.OciManifest)}}""";
        var plain = TestRepository.Image(TestRepository.Descriptor(EmptyBlob, 2, Config), [], about);
        var typed = TestRepository.Image(
            TestRepository.Descriptor(EmptyBlob, 2, "application/vnd.oci.empty.v1+json"), [],
            about + ""","artifactType":"application/sbom","annotations":{"a":"1 + 1"}""");
        var index = TestRepository.Index([], about + ""","artifactType":"application/sbom" """);
        var untyped = TestRepository.Index([], about);
        foreach (var (referrer, type) in ((byte[], string)[])[
            (plain, TestRepository.OciManifest), (typed, TestRepository.OciManifest), (index, TestRepository.OciIndex),
            (untyped, TestRepository.OciIndex),
        ])
        {
            var put = await repository.PutAsync(TestRepository.Sha256(referrer), referrer, type);
            Assert.Equal((201, subject), (put.Status, put.Header("OCI-Subject")));
        }

        string[] expected =
        [
            $$"""{"mediaType":"{{TestRepository.OciManifest}}","digest":"{{TestRepository.Sha256(plain)}}","size":{{plain.Length}},"artifactType":"{{Config}}"}""",
            $$$"""{"mediaType":"{{{TestRepository.OciManifest}}}","digest":"{{{TestRepository.Sha256(typed)}}}","size":{{{typed.Length}}},"artifactType":"application/sbom","annotations":{"a":"1 + 1"}}""",
            $$"""{"mediaType":"{{TestRepository.OciIndex}}","digest":"{{TestRepository.Sha256(index)}}","size":{{index.Length}},"artifactType":"application/sbom"}""",
            $$"""{"mediaType":"{{TestRepository.OciIndex}}","digest":"{{TestRepository.Sha256(untyped)}}","size":{{untyped.Length}}}""",
        ];
        var all = await repository.SendAsync("GET", $"referrers/{subject}");
        Assert.Equal(expected.Order(StringComparer.Ordinal), Descriptors(all).Order(StringComparer.Ordinal));
        Assert.Null(all.Header("OCI-Filters-Applied"));

        var filtered = await repository.SendAsync("GET", $"referrers/{subject}?artifactType=application/sbom");
        Assert.Equal("artifactType", filtered.Header("OCI-Filters-Applied"));
        Assert.Equal(new[] { expected[1], expected[2] }.Order(StringComparer.Ordinal), Descriptors(filtered).Order(StringComparer.Ordinal));
        Assert.Empty(Descriptors(await repository.SendAsync("GET", $"referrers/{subject}?artifactType=application/none")));
        Assert.Empty(Descriptors(await repository.SendAsync("GET", $"referrers/{TestRepository.Sha256([5])}")));

        var first = await repository.SendAsync("GET", $"referrers/{subject}?n=1&artifactType=application/sbom");
        Assert.Contains("artifactType=application%2Fsbom>; rel=\"next\"", first.Header("Link"), StringComparison.Ordinal);
        var second = await repository.SendAsync("GET", Next(first));
        Assert.Null(second.Header("Link"));
        Assert.Equal(
            new[] { expected[1], expected[2] }.Order(StringComparer.Ordinal),
            Descriptors(first).Concat(Descriptors(second)).Order(StringComparer.Ordinal));

        await repository.SendAsync("DELETE", $"manifests/{TestRepository.Sha256(plain)}");
        Assert.Equal(3, Descriptors(await repository.SendAsync("GET", $"referrers/{subject}")).Length);
    }

    [Fact]
    public async Task A_subject_need_not_be_here()
    {
        using var repository = TestRepository.New(shared.Server);
        await repository.ImageAsync("latest");
        var subject = TestRepository.Sha256([4, 2]);
        var referrer = TestRepository.Image(
            TestRepository.Descriptor(EmptyBlob, 2, Config), [],
            $$""","subject":{{TestRepository.Descriptor(subject, 2, TestRepository.OciManifest)}}""");
        Assert.Equal(subject, (await repository.PutAsync(TestRepository.Sha256(referrer), referrer)).Header("OCI-Subject"));
        Assert.Single(Descriptors(await repository.SendAsync("GET", $"referrers/{subject}")));
    }

    [Fact]
    public async Task What_an_index_under_the_fallback_tag_lists_refers_only_to_its_own_subject()
    {
        using var repository = TestRepository.New(shared.Server);
        var (subject, manifest, _) = await repository.ImageAsync("latest");
        var (other, otherManifest, _) = await repository.ImageAsync("other");
        var (without, withoutManifest, _) = await repository.ImageAsync();
        byte[] Referrer(string digest, byte[] content) => TestRepository.Image(
            TestRepository.Descriptor(EmptyBlob, 2, Config), [],
            $$""","subject":{{TestRepository.Descriptor(digest, content.Length, TestRepository.OciManifest)}}""");
        var (known, stranger) = (Referrer(subject, manifest), Referrer(other, otherManifest));
        foreach (var referrer in (byte[][])[known, stranger])
        {
            await repository.PutAsync(TestRepository.Sha256(referrer), referrer);
        }

        var fallback = TestRepository.Index(
            [
                TestRepository.Descriptor(without, withoutManifest.Length, TestRepository.OciManifest),
                TestRepository.Descriptor(TestRepository.Sha256(known), known.Length, TestRepository.OciManifest),
                TestRepository.Descriptor(TestRepository.Sha256(stranger), stranger.Length, TestRepository.OciManifest),
            ]);
        Assert.Equal(201, (await repository.PutAsync(subject.Replace(':', '-'), fallback, TestRepository.OciIndex)).Status);
        Assert.Equal([TestRepository.Sha256(known)], Digests(await repository.SendAsync("GET", $"referrers/{subject}")));
        Assert.Equal([TestRepository.Sha256(stranger)], Digests(await repository.SendAsync("GET", $"referrers/{other}")));
    }

    [Fact]
    public async Task The_platforms_of_a_signed_image_that_was_copied_refer_to_nothing()
    {
        // The result of cosign copy: the index itself under sha256-HEX, and its signature under sha256-HEX.sig, also for each platform.
        // oras cp -r then follows the referrers of each, and would return to where it was.
        using var repository = TestRepository.New(shared.Server);
        var (amd64, first, _) = await repository.ImageAsync();
        var (arm64, second, _) = await repository.ImageAsync();
        var index = TestRepository.Index(
            [
                TestRepository.Descriptor(amd64, first.Length, TestRepository.OciManifest),
                TestRepository.Descriptor(arm64, second.Length, TestRepository.OciManifest),
            ]);
        var digest = TestRepository.Sha256(index);
        await repository.PutAsync("latest", index, TestRepository.OciIndex);
        await repository.PutAsync(digest.Replace(':', '-'), index, TestRepository.OciIndex);
        foreach (var signed in (string[])[digest, amd64, arm64])
        {
            await repository.ImageAsync(signed.Replace(':', '-') + ".sig");
        }

        await repository.PutAsync(amd64.Replace(':', '-'), first);
        foreach (var signed in (string[])[digest, amd64, arm64])
        {
            Assert.Empty(Digests(await repository.SendAsync("GET", $"referrers/{signed}")));
        }
    }

    private static string[] Tags(Answer answer) => [.. answer.Json.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)];

    private static string[] Descriptors(Answer answer) =>
        [.. answer.Json.GetProperty("manifests").EnumerateArray().Select(descriptor => descriptor.GetRawText())];

    private static string[] Digests(Answer answer) =>
        [.. answer.Json.GetProperty("manifests").EnumerateArray().Select(descriptor => descriptor.GetProperty("digest").GetString()!)];

    private static string Next(Answer answer) => answer.Header("Link")!.Split('>')[0][1..];
}
