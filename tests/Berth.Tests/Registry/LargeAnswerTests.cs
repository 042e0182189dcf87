using System.Text;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Registry;

/// <summary>Answers that are too large for one piece are split into pages, or written while they are read.</summary>
public sealed class LargeAnswerTests(SharedServer shared)
{
    private const int PageBytes = 4 << 20;
    private const string Config = "application/vnd.oci.image.config.v1+json";
    private static readonly string EmptyBlob = TestRepository.Sha256("{}"u8.ToArray());

    [Fact]
    public async Task Referrers_are_cut_into_pages_that_clients_can_read()
    {
        using var repository = TestRepository.New(shared.Server);
        var (subject, manifest, _) = await repository.ImageAsync("latest");
        var expected = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (letter, size) in ((char, int)[])[
            ('a', 3_000_000), ('b', 3_000_000), ('c', 1_500_000), ('d', 100_000), ('e', 10), ('f', 4_000_000), ('g', 9_000),
        ])
        {
            // The characters have one to four bytes, so that pieces end anywhere in them.
            var note = string.Concat(Enumerable.Repeat("a\\\"é漢🚢" + letter, size / 13));
            var referrer = Referrer(subject, manifest.Length, note);
            Assert.Equal(201, (await repository.PutAsync(TestRepository.Sha256(referrer), referrer)).Status);
            expected[TestRepository.Sha256(referrer)] = JsonSerializer.Deserialize<string>($"\"{note}\"")!;
        }

        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var next = $"referrers/{subject}";
        for (var pages = 1; next is not null; pages++)
        {
            var page = await repository.SendAsync("GET", next);
            Assert.Equal((200, TestRepository.OciIndex), (page.Status, page.Header("Content-Type")));
            var descriptors = page.Json.GetProperty("manifests").EnumerateArray().ToList();
            Assert.NotEmpty(descriptors);
            Assert.True(page.Body.Length <= PageBytes || descriptors.Count == 1, $"{descriptors.Count} in {page.Body.Length} bytes");
            foreach (var descriptor in descriptors)
            {
                found.Add(
                    descriptor.GetProperty("digest").GetString()!, descriptor.GetProperty("annotations").GetProperty("note").GetString()!);
            }

            Assert.Equal(page.Header("Link"), (await repository.SendAsync("HEAD", next)).Header("Link"));
            next = page.Header("Link")?.Split('>')[0][1..];
            Assert.True(pages < 10, "the pages do not end");
            Assert.True(pages > 3 || next is not null, "16 MB in fewer than four pages");
        }

        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), found.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Keys);
    }

    [Fact]
    public async Task A_page_of_referrers_that_are_read_in_turns_is_whole()
    {
        using var repository = TestRepository.New(shared.Server);
        var (subject, manifest, _) = await repository.ImageAsync("latest");
        List<string> all = [];
        for (var i = 0; i < 70; i++)
        {
            var referrer = Referrer(subject, manifest.Length, new string('x', i * 200));
            await repository.PutAsync(TestRepository.Sha256(referrer), referrer);
            all.Add(TestRepository.Sha256(referrer));
        }

        all.Sort(StringComparer.Ordinal);
        Assert.Equal(all, Digests(await repository.SendAsync("GET", $"referrers/{subject}")));
        var first = await repository.SendAsync("GET", $"referrers/{subject}?n=40");
        Assert.Equal(all[..40], Digests(first));
        Assert.Equal(all[40..], Digests(await repository.SendAsync("GET", first.Header("Link")!.Split('>')[0][1..])));
    }

    [Theory]
    [InlineData(65_000)]
    [InlineData(66_000)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(4_000_000)]
    public async Task A_manifest_of_any_size_is_served_byte_for_byte(int size)
    {
        using var repository = TestRepository.New(shared.Server);
        await repository.BlobAsync("{}"u8.ToArray());
        var manifest = TestRepository.Image(TestRepository.Descriptor(EmptyBlob, 2, Config), [], ",\"annotations\":{\"note\":\"\"}");
        manifest = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(manifest)
                .Replace("\"note\":\"\"", $"\"note\":\"{Text(size - manifest.Length)}\"", StringComparison.Ordinal));
        Assert.Equal(size, manifest.Length);
        Assert.Equal(201, (await repository.PutAsync("large", manifest)).Status);
        foreach (var reference in (string[])["large", TestRepository.Sha256(manifest), "large"])
        {
            var answer = await repository.SendAsync("GET", $"manifests/{reference}");
            Assert.Equal((200, $"{size}"), (answer.Status, answer.Header("Content-Length")));
            Assert.Equal(TestRepository.Sha256(manifest), TestRepository.Sha256(answer.Body));
            Assert.Equal(200, await repository.HeadAsync($"manifests/{reference}"));
        }
    }

    private static string Text(int length) => Convert.ToBase64String(TestRepository.Random(length))[..length];

    private static string[] Digests(Answer answer) =>
        [.. answer.Json.GetProperty("manifests").EnumerateArray().Select(descriptor => descriptor.GetProperty("digest").GetString()!)];

    private static byte[] Referrer(string subject, int size, string note) => TestRepository.Image(
        TestRepository.Descriptor(EmptyBlob, 2, Config), [],
        $$""","subject":{{TestRepository.Descriptor(subject, size, TestRepository.OciManifest)}},"annotations":{"note":"{{note}}"}""");
}
