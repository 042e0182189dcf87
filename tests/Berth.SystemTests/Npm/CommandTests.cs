using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.SystemTests.Fixtures.Clients;
using Berth.SystemTests.Fixtures.Server;

namespace Berth.SystemTests.Npm;

/// <summary>npm's commands besides publishing and installing, and where it finds its settings.</summary>
public sealed class CommandTests(SharedServer shared) : NpmClientTest(shared)
{
    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task Versions_are_looked_at_chosen_by_range_and_packed(string npm)
    {
        var ada = Client("ada", Person.Token, npm);
        await ada.PublishAsync(Lib, "1.0.0");
        await ada.PublishAsync(Lib, "1.1.0");
        await ada.NpmAsync(ada.Package(Lib, "2.0.0-beta.1"), "publish", "--tag", "next");
        Assert.Equal(["1.0.0", "1.1.0", "2.0.0-beta.1"], Strings(await ada.ViewAsync(Lib, "versions")));
        Assert.Equal(["1.0.0", "1.1.0"], Strings(await ada.ViewAsync($"{Lib}@^1.0.0", "version")));
        Assert.Equal(["2.0.0-beta.1"], Strings(await ada.ViewAsync($"{Lib}@next", "version")));
        var times = await ada.ViewAsync(Lib, "time");
        Assert.Equal(
            ["1.0.0", "1.1.0", "2.0.0-beta.1", "created", "modified"],
            (times.ValueKind == JsonValueKind.Array ? times[0] : times).EnumerateObject().Select(time => time.Name)
                .Order(StringComparer.Ordinal));

        // A pre-release is installed only if it is asked for.
        var app = ada.Project();
        Assert.Contains("ETARGET", (await ada.RefusedAsync(app, "install", $"{Lib}@^2.0.0")).All, StringComparison.Ordinal);
        await ada.NpmAsync(app, "install", $"{Lib}@^2.0.0-beta.0");
        Assert.Equal("2.0.0-beta.1", (string)(await LockAsync(app))[$"node_modules/{Lib}"]!["version"]!);

        // A packed file can be installed without asking its registry.
        var packed = Folder.Create("packed");
        var file = (await ada.NpmAsync(packed, "pack", $"{Lib}@1.0.0")).Line;
        using var raw = new RawNpm(Person);
        Assert.Equal(
            await raw.TarballAsync(Lib, "1.0.0", Token), await File.ReadAllBytesAsync(Path.Combine(packed, file), Token));
        var nobody = Client("nobody", null, npm);
        var alone = nobody.Project();
        File.Move(Path.Combine(packed, file), Path.Combine(alone, file));
        await nobody.NpmAsync(alone, "install", "./" + file);
        Assert.Equal("file:" + file, (string)(await LockAsync(alone))[$"node_modules/{Lib}"]!["resolved"]!);
        Assert.Equal("here", await nobody.RequireAsync(alone, Lib));
    }

    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task A_search_finds_what_one_may_read_by_name_description_and_keyword(string npm)
    {
        var ada = Client("ada", Person.Token, npm);
        await ada.PublishAsync(
            Lib, "1.2.0", new JsonObject { ["description"] = "lifts things", ["keywords"] = new JsonArray("pulley") });
        await ada.PublishAsync(Named("open"), "1.0.0", new JsonObject { ["description"] = "lifts more", ["bin"] = "./index.js" });
        await OpenAsync("open");
        Assert.Equal([Lib], await FoundAsync(ada, $"@{Acme}/lib"));
        Assert.Equal([Lib], await FoundAsync(ada, Acme, "pulley"));
        Assert.Equal([Lib, Named("open")], await FoundAsync(ada, Acme, "LIFTS"));
        Assert.Equal([Named("open")], await FoundAsync(Client("nobody", null, npm), Acme, "lifts"));
        var eve = Client("eve", (await Server.UserAsync("eve")).Token, npm);
        Assert.Equal([Named("open")], await FoundAsync(eve, Acme));
        var shown = (await ada.NpmAsync(ada.Home, "search", "pulley", "--registry", ada.Registry)).Text;
        Assert.Contains("1.2.0", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(NpmClient.Usual)]
    [InlineData(NpmClient.Newest)]
    public async Task An_audit_hears_that_nothing_is_known(string npm)
    {
        var ada = Client("ada", Person.Token, npm);
        await ada.PublishAsync(Lib, "1.0.0");
        var app = ada.Project();
        Assert.Contains(
            "found 0 vulnerabilities",
            (await ada.NpmAsync(app, "install", Lib, "--audit", "--registry", ada.Registry)).Text, StringComparison.Ordinal);
        var found = JsonSerializer.Deserialize<JsonElement>(
            (await ada.NpmAsync(app, "audit", "--json", "--registry", ada.Registry)).Text).GetProperty("metadata");
        Assert.Equal(0, found.GetProperty("vulnerabilities").GetProperty("total").GetInt32());
        Assert.Equal(1, found.GetProperty("dependencies").GetProperty("total").GetInt32());
    }

    /// <summary>
    /// Older clients ask in this way, and so does npm when a registry has no list of advisories. All of them compress what they send.
    /// </summary>
    [Fact]
    public async Task An_audit_in_the_old_form_hears_it_too()
    {
        using var anyone = Server.Client(null);
        foreach (var path in new[] { "audits/quick", "audits", "advisories/bulk" })
        {
            using var body = new MemoryStream();
            await using (var zip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
            {
                await zip.WriteAsync(Encoding.UTF8.GetBytes("""{"name":"app","version":"1.0.0","requires":{},"dependencies":{}}"""), Token);
            }

            using var content = new ByteArrayContent(body.ToArray());
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            content.Headers.ContentEncoding.Add("gzip");
            using var answer = await anyone.PostAsync(new Uri(Server.Npm, "-/npm/v1/security/" + path), content, Token);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var told = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Token));
            Assert.Empty((path == "advisories/bulk" ? told : told.GetProperty("advisories")).EnumerateObject());
        }
    }

    /// <summary>SCOPE, LOGIN and VARIABLE stand for the lines that send the scope to Berth and sign in there.</summary>
    [Theory]
    [InlineData("SCOPE", "LOGIN")]
    [InlineData("SCOPE VARIABLE", "")]
    [InlineData("LOGIN", "SCOPE")]
    [InlineData("SCOPE LOGIN", "ELSEWHERE")]
    public async Task Settings_of_a_project_and_of_the_person_go_together(string ofProject, string ofPerson)
    {
        await Ada.PublishAsync(Lib, "1.0.0");
        var client = Client("other", null);
        await File.WriteAllTextAsync(client.UserSettings, Lines(ofPerson), Token);
        var app = client.Project();
        await File.WriteAllTextAsync(Path.Combine(app, ".npmrc"), Lines(ofProject), Token);
        var npm = client.Npm(app);
        npm.Environment["MY_TOKEN"] = Person.Token;
        await npm.RunAsync("install", Lib);
        Assert.Equal("here", await client.RequireAsync(app, Lib));
    }

    private string Lines(string words) => string.Concat(words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word switch
    {
        "SCOPE" => $"@{Acme}:registry={Server.Npm}\n",
        "ELSEWHERE" => $"@{Acme}:registry=http://127.0.0.1:9/\n",
        "LOGIN" => NpmClient.LoginAt(Server.Npm, Person.Token),
        "VARIABLE" => NpmClient.LoginAt(Server.Npm, "${MY_TOKEN}"),
        _ => throw new ArgumentException(word, nameof(words)),
    }));

    private static async Task<string[]> FoundAsync(NpmClient client, params string[] words) =>
        [.. JsonSerializer.Deserialize<JsonElement>(
            (await client.NpmAsync(client.Home, ["search", .. words, "--json", "--registry", client.Registry])).Text)
            .EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];
}
