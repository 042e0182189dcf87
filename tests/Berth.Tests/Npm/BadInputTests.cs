using System.Text;
using System.Text.Json.Nodes;
using Berth.Tests.TestServer;

namespace Berth.Tests.Npm;

/// <summary>Input that no client should send. Each is refused with words, changes nothing and never breaks the server.</summary>
public sealed class BadInputTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Name = "@OWNER/lib";

    /// <summary>Spoiled requests to publish <c>@OWNER/lib</c> 1.0.0, and what the answer says.</summary>
    private static readonly (string What, Action<JsonObject> Spoil, string Says)[] Documents =
    [
        ("no name but another", d => d["name"] = "@OWNER/other", "name is not"),
        ("another _id", d => d["_id"] = "@OWNER/other", "_id is not"),
        ("a name of another scope", d => d["name"] = "@somebody/lib", "name is not"),
        ("an unscoped name", d => d["name"] = "lib", "name is not"),
        ("a name in capitals", d => d["name"] = "@OWNER/LIB", "name is not"),
        ("no versions", d => d.Remove("versions"), "with the one version"),
        ("an empty list of versions", d => d["versions"] = new JsonObject(), "with the one version"),
        ("versions as a list", d => d["versions"] = new JsonArray(), "versions is not an object"),
        ("versions as text", d => d["versions"] = "1.0.0", "versions is not an object"),
        ("versions as null", d => d["versions"] = null, "versions is not an object"),
        ("two versions", d => d["versions"]!["1.0.1"] = JsonNode.Parse("""{"name":"@OWNER/lib","version":"1.0.1"}"""), "the one version"),
        ("a version that is null", d => d["versions"]!["1.0.0"] = null, "is not an object"),
        ("a version that is a list", d => d["versions"]!["1.0.0"] = new JsonArray(), "is not an object"),
        ("a version that says another number", d => d["versions"]!["1.0.0"]!["version"] = "1.0.1", "says that it is version"),
        ("a version without a number", d => d["versions"]!["1.0.0"]!.AsObject().Remove("version"), "says that it is version"),
        ("a version with a number as number", d => d["versions"]!["1.0.0"]!["version"] = 1, "says that it is version"),
        ("a version that says another name", d => d["versions"]!["1.0.0"]!["name"] = "@OWNER/x", "says that it is"),
        ("a version without a name", d => d["versions"]!["1.0.0"]!.AsObject().Remove("name"), "says that it is"),
        ("no sums", d => d["versions"]!["1.0.0"]!.AsObject().Remove("dist"), "no sum"),
        ("sums that are none", d => d["versions"]!["1.0.0"]!["dist"] = "x", "no sum"),
        ("an integrity of other bytes", d => d["versions"]!["1.0.0"]!["dist"]!["integrity"] = "sha512-AAAA", "another sum"),
        ("an integrity without sha512", d => d["versions"]!["1.0.0"]!["dist"]!["integrity"] = "sha1-AAAA", "another sum"),
        ("an empty integrity", d => d["versions"]!["1.0.0"]!["dist"]!["integrity"] = "", "another sum"),
        ("a shasum of other bytes", d => d["versions"]!["1.0.0"]!["dist"]!["shasum"] = new string('0', 40), "SHA-1"),
        ("an empty shasum", d => d["versions"]!["1.0.0"]!["dist"]!["shasum"] = "", "SHA-1"),
        ("tags as a list", d => d["dist-tags"] = new JsonArray(), "dist-tags is not an object"),
        ("tags as text", d => d["dist-tags"] = "latest", "dist-tags is not an object"),
        ("a tag on null", d => d["dist-tags"]!["latest"] = null, "is not on a version"),
        ("a tag on a number", d => d["dist-tags"]!["latest"] = 1, "is not on a version"),
        ("a tag on a range", d => d["dist-tags"]!["latest"] = "^1.0.0", "is not on a version"),
        ("a tag that is a range", d => d["dist-tags"]!["1.x"] = "1.0.0", "range of versions"),
        ("a tag that is a version", d => d["dist-tags"]!["v1.0.0"] = "1.0.0", "range of versions"),
        ("a tag with a slash", d => d["dist-tags"]!["a/b"] = "1.0.0", "a tag has"),
        ("a tag with a space", d => d["dist-tags"]!["a b"] = "1.0.0", "a tag has"),
        ("a tag without letters", d => d["dist-tags"]![""] = "1.0.0", "a tag has"),
        ("a tag that is too long", d => d["dist-tags"]![new string('t', 215)] = "1.0.0", "a tag has"),
        ("a thousand tags and one", d => Fill(d["dist-tags"]!.AsObject(), 1001), "more than 1000"),
        ("no tarball", d => d.Remove("_attachments"), "without its tarball"),
        ("an empty list of attachments", d => d["_attachments"] = new JsonObject(), "without its tarball"),
        ("attachments as a list", d => d["_attachments"] = new JsonArray(), "without its tarball"),
        ("an attachment that is text", d => d["_attachments"]!["@OWNER/lib-1.0.0.tgz"] = "x", "without its tarball"),
        ("an attachment without data", d => Attachment(d).Remove("data"), "without its tarball"),
        ("a tarball of another name", d => Rename(d, "@OWNER/other-1.0.0.tgz"), "is called"),
        ("a tarball of another number", d => Rename(d, "@OWNER/lib-1.0.1.tgz"), "is called"),
        ("a tarball with a path", d => Rename(d, "../../etc/lib.tgz"), "is called"),
        ("two tarballs", d => d["_attachments"]!["more.tgz"] = JsonNode.Parse("""{"data":"AAAA"}"""), "more than one tarball"),
        ("a tarball that is no base64", d => Attachment(d)["data"] = "%%%%", "not base64"),
        ("a tarball whose base64 is cut", d => Attachment(d)["data"] = "AAA", "not base64"),
        ("a tarball with base64 after its end", d => Attachment(d)["data"] = "AA==AAAA", "not base64"),
        ("a tarball with an escape", d => Attachment(d)["data"] = "AA\tA", "not base64"),
        ("a length of other bytes", d => Attachment(d)["length"] = 7, "another length"),
        ("a length that is none", d => Attachment(d)["length"] = "long", "another length"),
        ("a length that is no whole number", d => Attachment(d)["length"] = 1.5, "another length"),
        ("an attestation that is no JSON", d => d["_attachments"]!["x.sigstore"] = JsonNode.Parse("""{"data":"{"}"""), "is not JSON"),
    ];

    /// <summary>Tarballs that do not fit the version.</summary>
    private static readonly (string What, Func<string, byte[]> Bytes, string Says)[] Tarballs =
    [
        ("nothing", _ => [], "cannot be unpacked"),
        ("no gzip", _ => Encoding.UTF8.GetBytes("plain"), "cannot be unpacked"),
        ("half a gzip", n => Tar(n)[..^20], "cannot be unpacked|package.json"),
        ("a package.json elsewhere", n => NpmRequests.Tarball(Manifest(n), "package/deep/package.json"), "no package.json"),
        ("a package.json at the root", n => NpmRequests.Tarball(Manifest(n), "package.json"), "no package.json"),
        ("a package.json of another name", n => NpmRequests.Tarball("""{"name":"@x/y","version":"1.0.0"}"""), "is of"),
        ("a package.json without a name", n => NpmRequests.Tarball("""{"version":"1.0.0"}"""), "is of"),
        ("a package.json of another number", n => NpmRequests.Tarball(Manifest(n, "9.9.9")), "is of version"),
        ("a package.json without a number", n => NpmRequests.Tarball($$"""{"name":"{{n}}"}"""), "is of version"),
        ("a package.json that is no JSON", n => NpmRequests.Tarball("{"), "is not JSON"),
        ("a package.json that is a list", n => NpmRequests.Tarball("[]"), "is of"),
        ("a package.json that is no UTF-8", n => NpmRequests.Tarball("\"\ud800\""), "is not JSON|is of"),
        ("zeros", _ => Zip(new byte[10_000]), "no package.json"),
        ("a header of noise", _ => Zip([.. Enumerable.Range(1, 1024).Select(n => (byte)n)]), "cannot be unpacked"),
        ("a header that announces gigabytes", n => Zip(Header("package/package.json", '0', "77777777777")), "more than|cannot"),
        ("a long name of gigabytes", n => Zip(Header("x", 'L', "77777777777")), "more than|no package.json|cannot"),
        ("an extended header of gigabytes", n => Zip(Header("x", 'x', "77777777777")), "more than|no package.json|cannot"),
        ("a size below nothing", n => Zip(Header("x", '0', new string('\u00ff', 12))), "cannot be unpacked"),
    ];

    /// <summary>Other requests, with method, path and body.</summary>
    private static readonly (string Method, string Path, string? Body)[] Others =
    [
        ("PUT", "/npm/@OWNER%2flib", ""),
        ("PUT", "/npm/@OWNER%2flib", "null"),
        ("PUT", "/npm/@OWNER%2flib", "[]"),
        ("PUT", "/npm/@OWNER%2flib", "\"text\""),
        ("PUT", "/npm/@OWNER%2flib", "{"),
        ("PUT", "/npm/@OWNER%2flib", """{"name":"@OWNER/lib","name":"@OWNER/lib"}"""),
        ("PUT", "/npm/@OWNER%2flib", """{"name":"\ud800"}"""),
        ("PUT", "/npm/@OWNER%2flib", """{"_attachments":{"a.tgz":{"data":"AAAA"""),
        ("PUT", "/npm/@OWNER%2flib", """{"_attachments":{"a.tgz":{"data":"AA\"""),
        ("PUT", "/npm/@OWNER%2flib", """{"_attachments":{"a.tgz":{"data":"\u00"""),
        ("PUT", "/npm/@OWNER%2flib", "DEEP"),
        ("PUT", "/npm/@OWNER%2f.lib", "{}"),
        ("PUT", "/npm/@OWNER%2f_lib", "{}"),
        ("PUT", "/npm/@OWNER%2fLib", "{}"),
        ("PUT", "/npm/@OWNER%2fli%20b", "{}"),
        ("PUT", "/npm/@-%2flib", "{}"),
        ("PUT", "/npm/@%2flib", "{}"),
        ("PUT", "/npm/@OWNER%2f..%2flib", "{}"),
        ("PUT", "/npm/@OWNER%2fLONG", "{}"),
        ("PUT", "/npm/lib", "{}"),
        ("GET", "/npm/lib", null),
        ("GET", "/npm/lib/-/lib-1.0.0.tgz", null),
        ("GET", "/npm/@OWNER/lib/-/other-1.0.0.tgz", null),
        ("GET", "/npm/@OWNER/lib/-/lib-.tgz", null),
        ("GET", "/npm/@OWNER/lib/-/..%2f..%2fetc", null),
        ("GET", "/npm/@OWNER/lib/9.9.9", null),
        ("GET", "/npm/-/npm/v1/attestations/@OWNER%2flib@1.0.0", null),
        ("PUT", "/npm/@OWNER%2flib/-rev/1-berth", "{}"),
        ("DELETE", "/npm/@OWNER%2flib/-rev/1-berth", null),
        ("DELETE", "/npm/@OWNER/lib/-/lib-1.0.0.tgz/-rev/x", null),
        ("PUT", "/npm/-/package/@OWNER%2flib/dist-tags/x", ""),
        ("PUT", "/npm/-/package/@OWNER%2flib/dist-tags/x", "1.0.0"),
        ("PUT", "/npm/-/package/@OWNER%2flib/dist-tags/x", "{}"),
        ("PUT", "/npm/-/package/@OWNER%2flib/dist-tags/x", "\"9.9.9\""),
        ("PUT", "/npm/-/package/@OWNER%2flib/dist-tags/x", "\"^1\""),
        ("PUT", "/npm/-/package/@OWNER%2flib/dist-tags/1.0.0", "\"1.0.0\""),
        ("PUT", "/npm/-/package/@OWNER%2flib/dist-tags/*", "\"1.0.0\""),
        ("PUT", "/npm/-/user/ada", "{}"),
        ("PUT", "/npm/-/user/org.couchdb.user:OWNER", ""),
        ("PUT", "/npm/-/user/org.couchdb.user:OWNER", "[]"),
        ("PUT", "/npm/-/user/org.couchdb.user:OWNER", """{"name":"OWNER"}"""),
        ("PUT", "/npm/-/user/org.couchdb.user:OWNER", """{"name":"other","password":"x"}"""),
        ("PUT", "/npm/-/user/org.couchdb.user:OWNER", """{"name":"OWNER","password":"x"}"""),
        ("DELETE", "/npm/-/user/token/another", null),
        ("POST", "/npm/-/npm/v1/oidc/token/exchange/package/@OWNER%2flib", null),
        ("POST", "/-/npm/v1/oidc/token/exchange/package/@OWNER%2flib", null),
        ("POST", "/-/npm/v1/oidc/token/exchange/package/lib", null),
        ("GET", "/npm/-/nothing", null),
        ("PATCH", "/npm/@OWNER%2flib", "{}"),
    ];

    public static TheoryData<string> DocumentNames => [.. Documents.Select(d => d.What)];

    public static TheoryData<string> TarballNames => [.. Tarballs.Select(t => t.What)];

    public static TheoryData<int> OtherNumbers => [.. Enumerable.Range(0, Others.Length)];

    [Theory]
    [MemberData(nameof(DocumentNames))]
    public async Task A_spoiled_document_is_refused_with_the_reason(string what)
    {
        var ada = await shared.Server.UserAsync();
        var name = Name.Replace("OWNER", ada.Login, StringComparison.Ordinal);
        var (_, spoil, says) = Documents.Single(d => d.What == what);
        var document = JsonNode.Parse(
            NpmRequests.Document(name, "1.0.0").ToJsonString().Replace(ada.Login, "OWNER", StringComparison.Ordinal))!.AsObject();
        spoil(document);
        await RefusedAsync(ada, name, document.ToJsonString().Replace("OWNER", ada.Login, StringComparison.Ordinal), says);
    }

    [Theory]
    [MemberData(nameof(TarballNames))]
    public async Task A_tarball_of_something_else_is_refused_with_the_reason(string what)
    {
        var ada = await shared.Server.UserAsync();
        var name = Name.Replace("OWNER", ada.Login, StringComparison.Ordinal);
        var (_, bytes, says) = Tarballs.Single(t => t.What == what);
        await RefusedAsync(ada, name, NpmRequests.Document(name, "1.0.0", tarball: bytes(name)).ToJsonString(), says);
    }

    [Theory]
    [MemberData(nameof(OtherNumbers))]
    public async Task Other_requests_are_refused_with_words(int number)
    {
        var ada = await shared.Server.UserAsync();
        var (method, path, body) = Others[number];
        string? Filled(string? text) => text?.Replace("OWNER", ada.Login, StringComparison.Ordinal)
            .Replace("LONG", new string('l', 215), StringComparison.Ordinal)
            .Replace("DEEP", string.Concat(Enumerable.Repeat("{\"a\":", 100)), StringComparison.Ordinal);
        await ada.PublishAsync($"@{ada.Login}/lib");
        var reply = await ada.CallAsync(method, Filled(path)!, Filled(body));
        Assert.InRange((int)reply.Status, 400, 499);
        Assert.NotEmpty(reply.Error());
        Assert.Single((await ada.PackumentAsync($"@{ada.Login}/lib")).GetProperty("versions").EnumerateObject());
    }

    [Fact]
    public async Task A_document_that_is_too_large_is_refused()
    {
        var ada = await shared.Server.UserAsync();
        var document = NpmRequests.Document($"@{ada.Login}/lib", "1.0.0");
        document["padding"] = new string('x', 9 << 20);
        var reply = await ada.CallAsync("PUT", NpmRequests.Path($"@{ada.Login}/lib"), document.ToJsonString());
        Assert.Equal(System.Net.HttpStatusCode.RequestEntityTooLarge, reply.Status);
    }

    private static async Task RefusedAsync(Person ada, string name, string document, string says)
    {
        var reply = await ada.CallAsync("PUT", NpmRequests.Path(name), document);
        Assert.InRange((int)reply.Status, 400, 499);
        Assert.True(Array.Exists(says.Split('|'), word => reply.Error().Contains(word, StringComparison.Ordinal)), reply.Error());
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await ada.CallAsync("GET", NpmRequests.Path(name))).Status);
    }

    private static void Fill(JsonObject tags, int count)
    {
        for (var n = 0; n < count; n++)
        {
            tags[$"t{n}"] = "1.0.0";
        }
    }

    private static JsonObject Attachment(JsonObject document) => document["_attachments"]!["@OWNER/lib-1.0.0.tgz"]!.AsObject();

    private static void Rename(JsonObject document, string file)
    {
        var attachment = Attachment(document).DeepClone();
        document["_attachments"] = new JsonObject { [file] = attachment };
    }

    private static string Manifest(string name, string version = "1.0.0") => $$"""{"name":"{{name}}","version":"{{version}}"}""";

    private static byte[] Tar(string name) => NpmRequests.Tarball(Manifest(name));

    private static byte[] Header(string name, char kind, string size)
    {
        var header = new byte[512];
        Encoding.Latin1.GetBytes(name).CopyTo(header, 0);
        Encoding.Latin1.GetBytes(size).CopyTo(header, 124);
        header[156] = (byte)kind;
        return header;
    }

    private static byte[] Zip(byte[] content)
    {
        using var target = new MemoryStream();
        using (var zip = new System.IO.Compression.GZipStream(target, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(content);
        }

        return target.ToArray();
    }
}
