using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Berth.Tests.TestServer;

namespace Berth.Tests.Tokens;

/// <summary>How <c>/token</c> treats requests of any form: it answers, and says what was wrong.</summary>
public sealed class TokenFormTests(SharedServer shared)
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string Good = "grant_type=password&username=ada&password=" + BerthServer.AdminToken;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Form, "{many}", 400, "the form has more than 100 fields")]
    [InlineData(Form, "{long name}=1", 400, "grant_type is missing")]
    [InlineData(Form, Good + "&{long name}={long value}", 200, null)]
    [InlineData(Form, Good + "&scope={long value}", 400, "the scopes have more than 8192 characters")]
    [InlineData(Form, Good + "&x={large}", 413, "the body has more than 65536 bytes")]
    [InlineData(Form, Good + "&{large}=x", 413, "the body has more than 65536 bytes")]
    [InlineData(Form, Good + "&scope=%ff", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, Good + "&scope=\u00ff", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, Good + "&scope=%00", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, Good + "&%0d=1", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, Good + "&scope=%ed%a0%80", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, Good + "&scope=%zz", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, Good + "&scope=%", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, Good + "&scope=%+1", 400, "field 4 of the form is not percent-encoded UTF-8")]
    [InlineData(Form, "grant_type=password&password=%00", 400, "field 2 of the form")]
    [InlineData(Form, Good + "&grant_type=password", 400, "field 4 of the form is there twice")]
    [InlineData(Form, "", 400, "grant_type is missing")]
    [InlineData(Form, "&&=&=&", 400, "field 2 of the form is there twice")]
    [InlineData(Form, "=", 400, "grant_type is missing")]
    [InlineData(Form, "&" + Good + "&&", 200, null)]
    [InlineData(Form, "grant_type=password&password={wide}", 401, "the token is not known")]
    [InlineData(Form + "; charset=utf-8", Good, 200, null)]
    [InlineData(Form + "; charset=\"UTF-8\"", Good, 200, null)]
    [InlineData(Form + "; charset=utf-7", Good, 400, "the form must be UTF-8")]
    [InlineData(Form + "; charset=utf-16", Good, 400, "the form must be UTF-8")]
    [InlineData(Form + "; charset=no-such-thing", Good, 400, "the form must be UTF-8")]
    [InlineData(
        "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n--x--\r\n", 400,
        "must be " + Form)]
    [InlineData("multipart/form-data; boundary=x", "--y", 400, "must be " + Form)]
    [InlineData("multipart/form-data; boundary=x", "", 400, "must be " + Form)]
    [InlineData("multipart/form-data", "--x", 400, "must be " + Form)]
    [InlineData("multipart/form-data; boundary=\"\"", "{large}", 413, "more than 65536 bytes")]
    [InlineData("application/json", "{}", 400, "must be " + Form)]
    [InlineData("///", Good, 400, "must be " + Form)]
    [InlineData(null, Good, 400, "must be " + Form)]
    public async Task A_form_of_any_shape_is_answered_with_the_reason(string? type, string form, int status, string? words)
    {
        var text = form.Replace("{many}", string.Concat(Enumerable.Range(0, 3000).Select(i => $"a{i}=1&")), StringComparison.Ordinal)
            .Replace("{long name}", new string('n', 5000), StringComparison.Ordinal)
            .Replace("{long value}", new string('v', 9000), StringComparison.Ordinal)
            .Replace("{large}", new string('x', 5 << 20), StringComparison.Ordinal)
            .Replace("{wide}", "%F0%9F%9A%A2\u00e9", StringComparison.Ordinal);

        // Latin 1 writes characters below 256 as single bytes, which are not UTF-8.
        using var content = new ByteArrayContent(
            (form.Contains("{wide}", StringComparison.Ordinal) ? Encoding.UTF8 : Encoding.Latin1).GetBytes(text));
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using var client = shared.Server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/token") { Content = content };
        using var response = await client.SendAsync(request, Token);
        var body = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(Token));
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode} {body}");
        if (words is not null)
        {
            Assert.NotEmpty(body.GetProperty("error").GetString()!);
            Assert.Contains(words, body.GetProperty("error_description").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_form_without_a_length_is_cut_at_the_limit()
    {
        using var client = shared.Server.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/token") { Content = new LongForm() };
        request.Headers.TransferEncodingChunked = true;
        using var response = await client.SendAsync(request, Token);
        Assert.Equal(413, (int)response.StatusCode);
        Assert.Contains("more than 65536 bytes", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scope=%00")]
    [InlineData("scope=%ff%fe")]
    [InlineData("scope=repository:%00/x:pull")]
    [InlineData("scope=repository:a/b:%00")]
    [InlineData("scope")]
    [InlineData("scope=:::::")]
    [InlineData("scope=repository(:a/b:pull")]
    [InlineData("scope=(plugin):a/b:pull")]
    [InlineData("%")]
    [InlineData("%zz=%zz&=&&==")]
    [InlineData("service=%00&account=%ff&client_id=%")]
    [InlineData("scope={long}")]
    [InlineData("scope=repository:a/{long}:pull")]
    [InlineData("{many}")]
    public async Task A_query_of_any_shape_is_answered(string query)
    {
        var text = query.Replace("{long}", new string('a', 7000), StringComparison.Ordinal)
            .Replace("{many}", string.Concat(Enumerable.Range(0, 500).Select(i => $"scope=a{i}&")), StringComparison.Ordinal);
        using var client = shared.Server.Client();
        using var response = await client.GetAsync(
            new Uri(shared.Server.Url + "token?" + text, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }),
            Token);
        Assert.True(
            (int)response.StatusCode is 200 or 400, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Token)}");
    }

    [Theory]
    [InlineData("GET", "Basic")]
    [InlineData("GET", "Basic ====")]
    [InlineData("GET", "Basic //79/w==")]
    [InlineData("GET", "Basic AAAA")]
    [InlineData("GET", "Basic eDoA")]
    [InlineData("GET", "Bearer")]
    [InlineData("GET", "Bearer berthr1.")]
    [InlineData("GET", "Bearer berthr1..")]
    [InlineData("GET", "Bearer {long}")]
    [InlineData("GET", "Basic {long}")]
    [InlineData("GET", "Negotiate x")]
    [InlineData("POST", "Basic eDoA")]
    [InlineData("POST", "Basic {long}")]
    public async Task Credentials_of_any_shape_are_refused(string method, string header)
    {
        using var client = shared.Server.Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/token");
        request.Headers.TryAddWithoutValidation(
            "Authorization", header.Replace("{long}", new string('A', 20_000), StringComparison.Ordinal));
        request.Content = method == "POST" ? new StringContent("scope=x", Encoding.ASCII, new MediaTypeHeaderValue(Form)) : null;
        using var response = await client.SendAsync(request, Token);
        Assert.True(
            (int)response.StatusCode is 400 or 401, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Token)}");
    }

    private sealed class LongForm : HttpContent
    {
        public LongForm() => Headers.ContentType = new MediaTypeHeaderValue(Form);

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            var piece = new byte[16 * 1024];
            piece.AsSpan().Fill((byte)'x');
            for (var i = 0; i < 64; i++)
            {
                await stream.WriteAsync(piece, Token);
                await stream.FlushAsync(Token);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
