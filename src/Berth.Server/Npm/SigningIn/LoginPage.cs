using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Berth.Server.Api.Description;
using Berth.Server.Http;

namespace Berth.Server.Npm.SigningIn;

/// <summary>
/// The page that confirms a login, without scripts, cookies or content from elsewhere. The client's description of itself proves nothing.
/// So the page says first that after a link from somebody else, that person gets the token.
/// </summary>
internal static class LoginPage
{
    private const string Style = """
        :root{color-scheme:light dark}
        body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:0 auto;padding:1rem}
        code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
        h1{line-height:1.2}
        th{text-align:left;padding-right:1rem;vertical-align:top;font-weight:normal;opacity:.75}
        td{overflow-wrap:anywhere}
        label{display:block;font-weight:bold}
        input,button{font:inherit;padding:.4rem .6rem}
        input{width:100%;box-sizing:border-box;margin:.3rem 0 .6rem}
        [role=alert]{border:2px solid #c00;border-radius:4px;padding:.4rem .8rem}
        """;

    /// <summary>Allows only its own style, by its hash, and a form that is sent to this page.</summary>
    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <param name="refused">Why the typed token was refused. Null: none was typed yet.</param>
    public static IResult Ask(HttpContext http, LoginRequestRow request, string registry, ApiError? refused = null) => Page(
        http, refused?.Status ?? StatusCodes.Status200OK, "Log in to npm",
        $"""
        {(refused is null ? "" : $"<p role=\"alert\">{Html.Escape(refused.Sentence)}</p>")}
        <p><strong>Go on only if you have just begun this login yourself.</strong> Whoever began it gets a token of yours: close this page if
        somebody sent you here.</p>
        <table>
        <tr><th scope="row">registry</th><td><code>{Html.Escape(registry)}</code></td></tr>
        <tr><th scope="row">asked from</th><td><code>{Html.Escape(request.Address)}</code></td></tr>
        {Row("calls its machine", request.Host)}{Row("calls itself", request.Program)}
        <tr><th scope="row">asked at</th><td>{Time(request.CreatedAt)}, until {Time(request.ExpiresAt)} UTC</td></tr>
        </table>
        <form method="post">
        <label for="token">A personal access token of yours</label>
        <input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required autofocus>
        <button>Log in</button>
        </form>
        <p>The program gets a new token: with those of <code>read:packages</code>, <code>write:packages</code> and
        <code>delete:packages</code> that this one has, for the packages that this one is for, and ending when it ends.
        <code>berth token list</code> shows it, <code>npm logout</code> and <code>berth token delete</code> end it.</p>
        """);

    public static IResult Confirmed(HttpContext http) => Page(
        http, StatusCodes.Status200OK, "Logged in", "<p>npm fetches its token now. You can close this page.</p>");

    public static IResult Ended(HttpContext http) => Page(
        http, StatusCodes.Status404NotFound, "No such login",
        "<p>This login has ended, or there never was one. Begin it again: <code>npm login</code>.</p>");

    private static IResult Page(HttpContext http, int status, string title, string content)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        return Results.Text(
            $"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>{Html.Escape(title)}</title><style>{Style}</style></head>
            <body><main><h1>{Html.Escape(title)}</h1>
            {content}
            </main></body></html>
            """,
            "text/html", Encoding.UTF8, status);
    }

    private static string Row(string name, string? text) =>
        text is null ? "" : $"<tr><th scope=\"row\">{Html.Escape(name)}</th><td><code>{Html.Escape(text)}</code></td></tr>";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
