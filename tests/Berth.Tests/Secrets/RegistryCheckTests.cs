using System.Net;
using System.Text;
using System.Text.Json;
using Berth.Client.Crypto;
using Berth.Tests.Cli;
using Berth.Tests.TestServer;

namespace Berth.Tests.Secrets;

/// <summary>
/// Registry logins are tried before they are needed: as typed, as a codespace gets them, and when a secret completes a set.
/// </summary>
public sealed class RegistryCheckTests(RegistryCheckTests.World world) : IClassFixture<RegistryCheckTests.World>
{
    /// <summary>A Berth that may connect to this machine, and a second one as the registry, with an image of bob's.</summary>
    public sealed class World : IAsyncLifetime
    {
        private BerthServer? _server;
        private BerthServer? _registry;

        public BerthServer Server => _server!;

        public BerthServer Registry => _registry!;

        public Person Bob { get; private set; } = null!;

        public string Digest { get; private set; } = "";

        public string Image => $"{Registry.Host}/{Bob.Login}/app:1";

        public async ValueTask InitializeAsync()
        {
            _server = await BerthServer.StartAsync(manualClock: false, "BERTH_ALLOWED_NETWORKS=127.0.0.1");
            _registry = await BerthServer.StartAsync();
            Bob = await _registry.UserAsync("bob");
            Digest = await Bob.PushAsync($"{Bob.Login}/app", "1");
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Registry.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(" {0}\r\n", "bob\n", "{1}\n", " {2} ")]
    [InlineData("\"{0}\"", "'bob'", "\"{1}\"\r\n", "{2}\n")]
    [InlineData("{0}", "bob", "\uFEFF{1}", "\"{2}\"")]
    public async Task A_typed_login_is_trimmed_as_a_secret_is(string server, string user, string password, string image)
    {
        var ada = await world.Server.UserAsync();
        string Fill(string text) => string.Format(null, text, world.Registry.Host, world.Bob.Token, world.Image);
        var reply = await CheckAsync(
            ada, new { server = Fill(server), username = Fill(user), password = Fill(password), image = Fill(image) });
        Assert.Equal(("allowed", world.Digest), (Outcome(reply), First(reply).GetProperty("digest").GetString()));
    }

    [Fact]
    public async Task A_typed_login_is_tried_and_the_answer_told()
    {
        var ada = await world.Server.UserAsync();
        var good = await CheckAsync(
            ada, new { server = $"http://{world.Registry.Host}/v2/", username = "bob", password = world.Bob.Token });
        Assert.Equal(
            (true, "allowed", $"{world.Registry.Host} accepts the login"), (good["ok"].GetBoolean(), Outcome(good), Message(good)));

        var bad = await CheckAsync(ada, new { server = world.Registry.Host, username = "bob", password = "not-the-password" });
        Assert.False(bad["ok"].GetBoolean());
        Assert.Equal("wrong_password", Outcome(bad));
        Assert.StartsWith(
            $"{world.Registry.Host} does not accept user name and password (401 UNAUTHORIZED: ", Message(bad), StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-password", bad.Body, StringComparison.Ordinal);

        var image = await CheckAsync(
            ada, new { server = world.Registry.Host, username = "bob", password = world.Bob.Token, image = world.Image });
        Assert.Equal(("allowed", world.Digest), (Outcome(image), First(image).GetProperty("digest").GetString()));
        Assert.Equal(
            "not_found",
            Outcome(
                await CheckAsync(
                    ada, new { server = world.Registry.Host, username = "bob", password = world.Bob.Token, image = world.Image + "1" })));

        var eve = await world.Registry.UserAsync("eve");
        var denied = await CheckAsync(
            ada, new { server = world.Registry.Host, username = "eve", password = eve.Token, image = world.Image });
        Assert.Equal(
            ["denied", "login_required"],
            First(denied).GetProperty("tried").EnumerateArray().Select(tried => tried.GetProperty("outcome").GetString()));
        Assert.Equal("login_required", Outcome(await CheckAsync(ada, new { server = world.Registry.Host, image = world.Image })));
    }

    [Fact]
    public async Task Networks_that_may_not_be_reached_are_not_reached()
    {
        var ada = await world.Registry.UserAsync();
        var refused = await CheckAsync(ada, new { server = world.Server.Host, username = "ada", password = "x" });
        Assert.Equal("address_refused", Outcome(refused));
        Assert.Contains("BERTH_ALLOWED_NETWORKS", Message(refused), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "server")]
    [InlineData("""{"server":"not a host","username":"u","password":"p"}""", "server")]
    [InlineData("""{"server":"ghcr.io","username":"u"}""", "password")]
    [InlineData("""{"server":"ghcr.io","image":"UPPER CASE"}""", "image")]
    [InlineData("""{"server":"ghcr.io/acme","image":"ghcr.io/other/app:1"}""", "image")]
    [InlineData("""{"server":7}""", "server")]
    public async Task What_cannot_be_checked_is_422(string body, string field)
    {
        var reply = await (await world.Server.UserAsync()).SendAsync("POST", "/registry-check", body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Contains(reply["errors"].EnumerateArray(), error => error.GetProperty("field").GetString() == field);
    }

    [Fact]
    public async Task The_secret_that_completes_a_set_has_it_checked_and_gh_sees_no_difference()
    {
        var ada = await world.Server.UserAsync();
        Assert.Null((await PutAsync(ada, "/user", "REG_CONTAINER_REGISTRY_SERVER", world.Registry.Host)).Header("Berth-Registry-Check"));
        Assert.Null((await PutAsync(ada, "/user", "REG_CONTAINER_REGISTRY_USER", "bob")).Header("Berth-Registry-Check"));
        Assert.Null((await PutAsync(ada, "/user", "OTHER", "x")).Header("Berth-Registry-Check"));
        var third = await PutAsync(ada, "/user", "reg_container_REGISTRY_PASSWORD", "wrong");
        Assert.Equal((HttpStatusCode.Created, "{}"), (third.Status, third.Body));
        var url = third.Header("Berth-Registry-Check")!;
        Assert.Equal($"{world.Server.Url}api/v3/user/codespaces/secrets/REG_CONTAINER_REGISTRY_PASSWORD/registry-check", url);

        var result = await ada.GetAsync(new Uri(url).AbsolutePath);
        Assert.Equal(
            ("REG", "user", "wrong_password"),
            (First(result).GetProperty("prefix").GetString(), First(result).GetProperty("level").GetString(), Outcome(result)));

        var mended = await PutAsync(ada, "/user", "REG_CONTAINER_REGISTRY_PASSWORD", world.Bob.Token);
        Assert.Equal((HttpStatusCode.NoContent, ""), (mended.Status, mended.Body));
        Assert.Equal("allowed", Outcome(await ada.GetAsync(new Uri(mended.Header("Berth-Registry-Check")!).AbsolutePath)));
        Assert.Equal("allowed", Outcome(await CheckAsync(ada, new { secret_prefix = "reg" })));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ada.GetAsync("/user/codespaces/secrets/OTHER/registry-check")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ada.GetAsync("/user/codespaces/secrets/NONE/registry-check")).Status);
    }

    [Fact]
    public async Task A_repositorys_sets_are_told_to_those_who_may_know_them()
    {
        var ada = await world.Server.UserAsync();
        var acme = await ada.OrganizationAsync();
        var repository = await ada.RepositoryAsync(acme);
        var reader = await world.Server.UserAsync("reader");
        await ada.DoAsync("PUT", $"/repos/{repository}/collaborators/{reader.Login}", """{"permission":"read"}""");
        foreach (var (name, value) in new[] { ("SERVER", world.Registry.Host), ("USER", "bob"), ("PASSWORD", world.Bob.Token) })
        {
            await PutAsync(ada, $"/repos/{repository}", "REPO_CONTAINER_REGISTRY_" + name, value);
            await PutAsync(ada, $"/orgs/{acme}", "ORG_CONTAINER_REGISTRY_" + name, value, ",\"visibility\":\"selected\"");
        }

        var owners = await CheckAsync(ada, new { repository, image = world.Image });
        Assert.Equal(
            ("REPO", "repository", "allowed"),
            (First(owners).GetProperty("prefix").GetString(), First(owners).GetProperty("level").GetString(), Outcome(owners)));
        Assert.Equal(["ORG unassigned", "REPO counts"], Sets(owners));

        var readers = await CheckAsync(reader, new { repository });
        Assert.Empty(readers["checks"].EnumerateArray());
        Assert.Empty(Sets(readers));

        var strangers = await (await world.Server.UserAsync("eve"))
            .SendAsync("POST", "/registry-check", JsonSerializer.Serialize(new { repository }));
        Assert.Equal(HttpStatusCode.NotFound, strangers.Status);
    }

    [Fact]
    public async Task Nobody_checks_without_end()
    {
        var ada = await world.Server.UserAsync();
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 31; i++)
        {
            statuses.Add(
                (await ada.SendAsync("POST", "/registry-check", """{"server":"10.0.0.1","username":"u","password":"p"}""")).Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, statuses[^1]);
        Assert.DoesNotContain(HttpStatusCode.TooManyRequests, statuses[..30]);
    }

    [Fact]
    public async Task The_command_line_checks_and_shows_what_a_stored_set_is_good_for()
    {
        var ada = await world.Server.UserAsync();
        using var cli = new CliRun(world.Server, ada.Token);
        var good = await cli.RunWithInputAsync(
            world.Bob.Token + "\n", "registry", "check", world.Registry.Host, "--username", "bob", "--image", world.Image);
        Assert.Equal(
            (0, $"ok: {world.Registry.Host} allows {world.Image}"),
            (good.ExitCode, good.Out.Split(": ")[0] + ": " + good.Out.Split(": ")[1].TrimEnd()));
        var bad = await cli.RunWithInputAsync("wrong", "registry", "check", world.Registry.Host, "--username", "bob");
        Assert.Equal(1, bad.ExitCode);
        Assert.StartsWith($"failed: {world.Registry.Host} does not accept user name and password", bad.Out, StringComparison.Ordinal);

        var file = Path.Combine(cli.Home, "registry.env");
        await File.WriteAllTextAsync(
            file,
            $"REG_CONTAINER_REGISTRY_SERVER={world.Registry.Host}\nREG_CONTAINER_REGISTRY_USER=bob\nREG_CONTAINER_REGISTRY_PASSWORD="
                + $"{world.Bob.Token}\n",
            TestContext.Current.CancellationToken);
        var stored = await cli.RunAsync("secret", "set", "-f", file);
        Assert.Contains($"ok: {world.Registry.Host} accepts the login (REG at user level)", stored.Error, StringComparison.Ordinal);
        Assert.Contains("ok: ", await cli.DoAsync("registry check --prefix REG"), StringComparison.Ordinal);
    }

    private static async Task<Reply> CheckAsync(Person person, object body) =>
        await person.DoAsync("POST", "/registry-check", JsonSerializer.Serialize(body));

    private static JsonElement First(Reply reply) => reply["checks"][0];

    private static string Outcome(Reply reply) => First(reply).GetProperty("outcome").GetString()!;

    private static string Message(Reply reply) => First(reply).GetProperty("message").GetString()!;

    private static IEnumerable<string> Sets(Reply reply) =>
        reply["sets"]
            .EnumerateArray()
            .Select(set => $"{set.GetProperty("prefix").GetString()} {set.GetProperty("outcome").GetString()}")
            .Order(StringComparer.Ordinal);

    private static async Task<Reply> PutAsync(Person person, string owner, string name, string value, string extra = "")
    {
        var key = await person.DoAsync("GET", $"{owner}/codespaces/secrets/public-key");
        var box = Convert.ToBase64String(SealedBox.Seal(Encoding.UTF8.GetBytes(value), Convert.FromBase64String(key["key"].GetString()!)));
        return await person.DoAsync(
            "PUT", $"{owner}/codespaces/secrets/{name}",
            $$"""{"encrypted_value":"{{box}}","key_id":"{{key["key_id"].GetString()}}"{{extra}}}""");
    }
}
