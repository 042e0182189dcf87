using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Berth.Tests.TestServer;

namespace Berth.Tests.Api.Description;

/// <summary>The page for people has every operation, has no broken links, and loads nothing else.</summary>
public sealed partial class ReferencePageTests(SharedServer shared)
{
    [Fact]
    public async Task It_shows_every_operation_and_every_record()
    {
        var page = (await shared.Server.Nobody().GetAsync("/docs")).Body;
        var document = (await shared.Server.Nobody().GetAsync("/openapi.json")).Json;
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .Select(operation => operation.Value.GetProperty("operationId").GetString()!);
        var records = document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(record => "record-" + record.Name);
        var anchors = Anchor().Matches(page).Select(match => match.Groups["name"].Value).ToList();
        Assert.Empty(operations.Concat(records).Except(anchors));
        Assert.Equal(anchors.Distinct(StringComparer.Ordinal), anchors);
        Assert.Empty(Link().Matches(page).Select(match => match.Groups["name"].Value).Except(anchors));
    }

    [Fact]
    public async Task A_browser_lets_it_show_its_own_style_and_nothing_more()
    {
        var reply = await shared.Server.Nobody().GetAsync("/docs");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal("text/html", reply.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", reply.Header("X-Content-Type-Options"));
        var style = Style().Match(reply.Body).Groups["text"].Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.Equal(
            $"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            reply.Header("Content-Security-Policy"));
        Assert.DoesNotContain("<script", reply.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" style=", reply.Body, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", reply.Body, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task It_is_well_formed()
    {
        var page = (await shared.Server.Nobody().GetAsync("/docs")).Body;
        var open = new Stack<string>();
        foreach (var tag in Tag().Matches(page).Where(tag => tag.Groups["name"].Value != "meta"))
        {
            var name = tag.Groups["name"].Value;
            if (tag.Groups["end"].Value.Length == 0)
            {
                open.Push(name);
            }
            else
            {
                Assert.Equal(name, open.Pop());
            }
        }

        Assert.Empty(open);
    }

    [Fact]
    public async Task A_call_that_it_shows_can_be_made()
    {
        var page = WebUtility.HtmlDecode((await shared.Server.Nobody().GetAsync("/docs")).Body);
        var url = new Uri(shared.Server.Url, "/api/v3/admin/users");
        Assert.Contains(
            $"curl -X POST -H \"Authorization: Bearer $BERTH_TOKEN\" -d '{{\"login\":\"…\"}}' '{url}'", page, StringComparison.Ordinal);
    }

    [GeneratedRegex(" id=\"(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Anchor();

    [GeneratedRegex(" href=\"#(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Link();

    [GeneratedRegex("<style>(?<text>[^<]*)</style>", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Style();

    [GeneratedRegex("<(?<end>/?)(?<name>[a-z0-9]+)[^>]*>", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Tag();
}
