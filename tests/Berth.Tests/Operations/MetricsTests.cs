using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Berth.Server.Database;
using Berth.Server.GarbageCollection;
using Berth.Tests.Access;
using Berth.Tests.Codespaces;
using Berth.Tests.Registry;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Berth.Tests.Operations;

/// <summary>Each metric changes when the thing that it is named after happens, and docs/operations.md lists all of them.</summary>
public sealed partial class MetricsTests : IAsyncLifetime
{
    private BerthServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _server = await BerthServer.StartAsync(manualClock: true, "BERTH_DOCKER_HOST=unix:///nonexistent/docker.sock");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_push_counts_its_manifest_and_the_bytes_of_its_blobs()
    {
        using var repository = TestRepository.New(_server);
        await repository.ImageAsync("latest"); // A configuration of 2 bytes and a layer of 100.
        var metrics = await ScrapeAsync();
        Assert.Equal(102, metrics.Value("berth_blob_received_bytes_total"));
        Assert.Equal(1, metrics.Value("berth_manifest_pushed_total"));
        Assert.Equal(0, metrics.Value("berth_manifest_pulled_total"));
    }

    [Fact]
    public async Task Bytes_of_an_upload_that_was_refused_arrived_all_the_same()
    {
        using var repository = TestRepository.New(_server);
        var location = await repository.StartAsync();
        Assert.Equal(
            400, (await repository.SendAsync("PUT", $"{location}?digest={TestRepository.Sha256([1])}", TestRepository.Random(70))).Status);
        Assert.Equal(70, (await ScrapeAsync()).Value("berth_blob_received_bytes_total"));
    }

    [Fact]
    public async Task A_pull_counts_its_manifest_and_the_bytes_of_its_blobs_and_a_check_counts_nothing()
    {
        using var repository = TestRepository.New(_server);
        var (digest, _, layer) = await repository.ImageAsync("latest");
        Assert.Equal(200, await repository.HeadAsync("manifests/latest"));
        Assert.Equal(304, (await repository.SendAsync("GET", "manifests/latest", headers: ("If-None-Match", $"\"{digest}\""))).Status);
        Assert.Equal(200, await repository.HeadAsync($"blobs/{layer}"));
        var before = await ScrapeAsync();
        Assert.Equal(0, before.Value("berth_manifest_pulled_total"));
        Assert.Equal(0, before.Value("berth_blob_sent_bytes_total"));

        Assert.Equal(200, (await repository.SendAsync("GET", "manifests/latest")).Status);
        Assert.Equal(200, (await repository.SendAsync("GET", $"blobs/{layer}")).Status);
        Assert.Equal(206, (await repository.SendAsync("GET", $"blobs/{layer}", headers: ("Range", "bytes=0-9"))).Status);
        var after = await ScrapeAsync();
        Assert.Equal(1, after.Value("berth_manifest_pulled_total"));
        Assert.Equal(110, after.Value("berth_blob_sent_bytes_total"));
    }

    [Fact]
    public async Task A_refused_credential_counts()
    {
        await FailLoginAsync();
        Assert.Equal(1, (await ScrapeAsync()).Value("berth_login_failures_total"));
    }

    [Fact]
    public async Task A_run_of_the_collector_counts_itself_and_what_it_removed()
    {
        using var repository = TestRepository.New(_server);
        await repository.BlobAsync(TestRepository.Random(300));
        _server.Clock!.Advance(TimeSpan.FromHours(25));
        await CollectAsync();
        var metrics = await ScrapeAsync();
        Assert.Equal(1, metrics.Value("berth_gc_runs_total", "outcome=\"succeeded\""));
        Assert.Equal(1, metrics.Value("berth_gc_removed_total", "kind=\"blob\""));
        Assert.Equal(1, metrics.Value("berth_gc_removed_total", "kind=\"link\""));
        Assert.Equal(300, metrics.Value("berth_gc_blob_bytes_total"));
    }

    [Fact]
    public async Task A_run_of_the_collector_that_fails_counts_as_that()
    {
        using var repository = TestRepository.New(_server);
        await repository.BlobAsync(TestRepository.Random(300));
        _server.Clock!.Advance(TimeSpan.FromHours(25));

        // Something that cannot be removed like a file has the name of the blob's file.
        var file = Directory.EnumerateFiles(Path.Combine(_server.Data, "blobs"), "*", SearchOption.AllDirectories)
            .Single(path => new FileInfo(path).Length == 300);
        File.Delete(file);
        Directory.CreateDirectory(Path.Combine(file, "inside"));
        await CollectAsync();
        Assert.Equal(1, (await ScrapeAsync()).Value("berth_gc_runs_total", "outcome=\"failed\""));
    }

    [Fact]
    public async Task A_start_of_a_codespace_counts_by_outcome_and_cause()
    {
        await FailStartAsync();
        Assert.Equal(1, (await ScrapeAsync()).Value("berth_codespace_starts_total", "cause=\"engine\",outcome=\"failed\""));
    }

    [Fact]
    public async Task Reads_and_writes_count_how_long_they_waited_for_the_database()
    {
        var before = await ScrapeAsync();
        var db = _server.Services.GetRequiredService<Db>();
        await db.ReadAsync(session => session.SingleAsync<long>("select 1"), Token);
        await db.WriteAsync(session => session.SingleAsync<long>("select 1"), Token);
        var after = await ScrapeAsync();
        foreach (var operation in new[] { "operation=\"read\"", "operation=\"write\"" })
        {
            Assert.True(
                after.Value("berth_db_wait_seconds_count", operation) > before.Value("berth_db_wait_seconds_count", operation), operation);
        }
    }

    [Theory]
    [InlineData("GET", "/v2/", "registry", "/v2/", 401)]
    [InlineData("GET", "/v2/acme/deep/er/app/manifests/7", "registry", "/v2/{name}/manifests/{reference}", 401)]
    [InlineData("GET", "/token?scope=repository:acme/app:pull", "registry", "/token", 200)]
    [InlineData("GET", "/api/v3/users/nobody-here", "api", "/api/v3/users/{username}", 404)]
    [InlineData("GET", "/healthz", "operations", "/healthz", 200)]
    [InlineData("GET", "/no/such/page", "pages", null, 404)]
    public async Task Requests_count_by_surface_route_and_status(string method, string path, string surface, string? route, int status)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1 };
        using var client = new HttpClient(handler) { BaseAddress = _server.Url };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(status, (int)(await client.SendAsync(request, Token)).StatusCode);

        // Use the same connection, since a request is counted after its answer is sent and before the next one is read.
        var metrics = new Scrape(await client.GetStringAsync("/metrics", Token));
        var labels = $"http_request_method=\"{method}\",http_response_status_code=\"{status}\","
            + (route is null ? "" : $"http_route=\"{route}\",") + $"surface=\"{surface}\"";
        Assert.Equal(1, metrics.Value("http_server_request_duration_seconds_count", labels));
    }

    /// <summary>The names, types and labels in docs/operations.md are those of the real output, after everything has happened.</summary>
    [Fact]
    public async Task The_table_in_the_documentation_is_what_there_is()
    {
        using var repository = TestRepository.New(_server);
        var (_, _, layer) = await repository.ImageAsync("latest");
        await repository.SendAsync("GET", "manifests/latest");
        await repository.SendAsync("GET", $"blobs/{layer}");
        await repository.BlobAsync(TestRepository.Random(300));
        await FailLoginAsync();
        await FailStartAsync();
        _server.Clock!.Advance(TimeSpan.FromHours(25));
        await CollectAsync();
        _ = await ScrapeAsync(); // A request is counted when it has ended.
        var scraped = await ScrapeAsync();
        var page = await File.ReadAllTextAsync(Path.Combine(ThisFolder(), "..", "..", "..", "docs", "operations.md"), Token);
        var documented = Rows().Matches(page).ToDictionary(
            row => row.Groups["name"].Value,
            row => row.Groups["type"].Value + " "
                + string.Join(
                    ", ",
                    Quoted()
                        .Matches(row.Groups["labels"].Value)
                        .Select(label => label.Groups["label"].Value)
                        .Order(StringComparer.Ordinal)),
            StringComparer.Ordinal);

        // .NET's own metrics are described in .NET's documentation.
        var lines = scraped.Families.Where(family => !family.Key.StartsWith("dotnet_", StringComparison.Ordinal))
            .Select(family => $"{family.Key} {family.Value}");
        Assert.Equal(documented.Select(row => $"{row.Key} {row.Value}").Order(StringComparer.Ordinal), lines.Order(StringComparer.Ordinal));
    }

    private async Task FailLoginAsync()
    {
        using var wrong = _server.Client("no-such-token-anywhere");
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync("/v2/", Token)).StatusCode);
    }

    private async Task FailStartAsync()
    {
        var seed = new Seed(_server);
        var ada = await seed.UserAsync("ada");
        await seed.RepositoryAsync(ada.UserId, "app");
        using var client = await CodespaceServer.ClientAsync(_server, ada);
        var codespace = await CodespaceServer.CreateAsync(client, ada.Login + "/app");
        await CodespaceServer.LogAsync(client, codespace.GetProperty("name").GetString()!);
    }

    private Task CollectAsync() => _server.Services.GetServices<IHostedService>().OfType<CollectorSchedule>().Single().RunAsync(Token);

    private async Task<Scrape> ScrapeAsync()
    {
        using var client = _server.Client();
        return new Scrape(await client.GetStringAsync("/metrics", Token));
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(
        @"^\| `(?<name>[a-z0-9_]+)` \| (?<type>counter|gauge|histogram) \| (?<labels>[^|]*)\|",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Rows();

    [GeneratedRegex("`(?<label>[a-z_]+)`", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Quoted();

    /// <summary>The output of <c>/metrics</c> at one moment.</summary>
    private sealed partial record Scrape(string Text)
    {
        /// <summary>The type and labels of each metric, by its name.</summary>
        public SortedDictionary<string, string> Families
        {
            get
            {
                var families = new SortedDictionary<string, string>(StringComparer.Ordinal);
                foreach (Match type in Types().Matches(Text))
                {
                    var (name, kind) = (type.Groups["name"].Value, type.Groups["type"].Value);
                    var labels = Samples().Matches(Text)
                        .Where(
                            sample => sample.Groups["name"].Value is var of
                                && (of == name || (kind == "histogram" && of == name + "_count")))
                        .SelectMany(sample => Labels().Matches(sample.Groups["labels"].Value).Select(label => label.Groups["label"].Value))
                        .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
                    families[name] = kind + " " + string.Join(", ", labels);
                }

                return families;
            }
        }

        /// <summary>The sum of the samples with these labels. 0 when there is none.</summary>
        public double Value(string name, string labels = "") => Samples().Matches(Text)
            .Where(sample => sample.Groups["name"].Value == name && (labels.Length == 0 || sample.Groups["labels"].Value == labels))
            .Sum(sample => double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture));

        [GeneratedRegex(
            @"^# TYPE (?<name>\S+) (?<type>\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
        private static partial Regex Types();

        [GeneratedRegex(
            @"^(?<name>[a-z0-9_]+)(\{(?<labels>.*)\})? (?<value>\S+)$",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
        private static partial Regex Samples();

        [GeneratedRegex(@"(?<label>[a-z_]+)=""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
        private static partial Regex Labels();
    }
}
