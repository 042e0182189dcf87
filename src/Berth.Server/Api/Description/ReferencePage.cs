using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Server.Api.Description;

/// <summary>The document for people: one page without scripts, which loads nothing else.</summary>
internal sealed class ReferencePage(JsonObject document)
{
    private const string Style = """
        :root{color-scheme:light dark}
        body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
        code,pre{font-family:ui-monospace,monospace;font-size:.9em}
        pre{overflow-x:auto;padding:.6rem;border:1px solid #8886;border-radius:4px}
        details{border-top:1px solid #8884}
        details>:not(summary){margin-left:1rem}
        summary{padding:.4rem 0;cursor:pointer}
        summary b{display:inline-block;width:4.5rem}
        summary span{opacity:.75}
        table{border-collapse:collapse;display:block;overflow-x:auto}
        td{padding:.2rem .8rem .2rem 0;vertical-align:top}
        h1,h2,h3{line-height:1.2}
        h3{font-size:1rem;margin-bottom:.2rem}
        nav{columns:14rem}
        nav a{display:block}
        """;

    private static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly StringBuilder _html = new();
    private readonly string _server = (string)document["servers"]![0]!["url"]!;

    /// <summary>Allows the browser only the page's own style, by its hash.</summary>
    public static string ContentSecurityPolicy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public byte[] ToUtf8()
    {
        var tags = ByTag();
        Head();
        foreach (var (tag, _) in tags)
        {
            _html.Append(Html.Link(Anchor(tag), tag));
        }

        _html.Append(Html.Link("records", "Records")).Append("</nav><main>");
        foreach (var (tag, operations) in tags)
        {
            _html.Append($"<h2 id=\"{Html.Escape(Anchor(tag))}\">{Html.Escape(tag)}</h2>");
            foreach (var (method, path, operation) in operations)
            {
                Operation(method, path, operation);
            }
        }

        _html.Append("<h2 id=\"records\">Records</h2>");
        foreach (var (name, schema) in (JsonObject)document["components"]!["schemas"]!)
        {
            _html.Append($"<section id=\"{Html.Escape(SchemaHtml.Anchor(name))}\"><h3>{Html.Escape(name)}</h3>")
                .Append($"<p>{Html.Sentence((string?)schema!["description"])}</p>");
            SchemaHtml.Table(_html, schema);
            _html.Append("</section>");
        }

        return Encoding.UTF8.GetBytes(_html.Append("</main></body></html>").ToString());
    }

    private void Head() => _html.Append($"""
        <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>REST API of {Html.Escape(_server)}</title><style>{Style}</style></head>
        <body><h1>REST API</h1>
        <p>{Html.Sentence((string?)document["info"]!["description"])} The same for programs:
        <a href="{Html.Escape(_server)}/openapi.json">openapi.json</a> (OpenAPI {Html.Escape((string)document["openapi"]!)}).</p>
        <p>Every example sends a token; * marks what cannot be left out.</p>
        <nav aria-label="Groups">
        """);

    private List<(string Tag, List<(string Method, string Path, JsonNode Operation)> Operations)> ByTag() =>
    [
        .. ((JsonObject)document["paths"]!)
            .SelectMany(path => (JsonObject)path.Value!, (path, one) => (one.Key.ToUpperInvariant(), path.Key, one.Value!))
            .GroupBy(one => (string)one.Item3["tags"]![0]!, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, group.ToList())),
    ];

    private void Operation(string method, string path, JsonNode operation)
    {
        var id = (string)operation["operationId"]!;
        _html.Append(
            $"<details id=\"{Html.Escape(id)}\"><summary><b>{method}</b><code>{Html.Escape(path)}</code> "
                + $"<span>{Html.Sentence((string?)operation["summary"])}</span></summary>"
                + $"<p>{Html.Sentence((string?)operation["description"])}</p>");
        if (operation["parameters"] is JsonArray parameters)
        {
            Parameters(parameters);
        }

        var body = operation["requestBody"] is { } taken ? ((JsonObject)taken["content"]!).First() : default;
        if (body.Key is not null)
        {
            _html.Append("<h3>Body</h3>");
            if (body.Value!["schema"]!["$ref"] is { } reference)
            {
                SchemaHtml.Table(_html, Schema(SchemaHtml.Name(reference)));
            }
            else
            {
                _html.Append($"<p><code>{Html.Escape(body.Key)}</code></p>");
            }
        }

        Answers((JsonObject)operation["responses"]!);
        Curl(method, path, operation, body);
        _html.Append("</details>");
    }

    private void Parameters(JsonArray parameters)
    {
        _html.Append("<h3>Parameters</h3><table>");
        foreach (var one in parameters.Select(Resolved))
        {
            _html.Append(
                $"<tr><td><code>{Html.Escape((string)one["name"]!)}</code>{((bool?)one["required"] == true ? " *" : "")}</td>"
                    + $"<td>{Html.Escape((string)one["in"]!)}</td><td>{SchemaHtml.Type(one["schema"])}</td>"
                    + $"<td>{Html.Sentence((string?)one["description"])}</td></tr>");
        }

        _html.Append("</table>");
    }

    private void Answers(JsonObject responses)
    {
        _html.Append("<h3>Answers</h3><table>");
        foreach (var (status, response) in responses)
        {
            var of = Resolved(response);
            var types = (of["content"] as JsonObject ?? []).Select(
                content => content.Key == "application/json"
                    ? SchemaHtml.Type(content.Value!["schema"])
                    : $"<code>{Html.Escape(content.Key)}</code>");
            _html.Append(
                $"<tr><td>{Html.Escape(status)}</td><td>{string.Join(", ", types)}</td>"
                    + $"<td>{Html.Sentence((string?)of["description"])}</td></tr>");
        }

        _html.Append("</table>");
    }

    private void Curl(string method, string path, JsonNode operation, KeyValuePair<string, JsonNode?> body)
    {
        var query = string.Join('&', (operation["parameters"] as JsonArray ?? []).Select(Resolved)
            .Where(one => (string)one["in"]! == "query" && (bool?)one["required"] == true)
            .Select(one => $"{(string)one["name"]!}={(string?)(one["schema"]!["enum"] as JsonArray)?[^1] ?? "…"}"));
        var words = new List<string> { "curl" };
        if (method != "GET")
        {
            words.Add("-X " + method);
        }

        words.Add("-H \"Authorization: Bearer $BERTH_TOKEN\"");
        if (body.Key == "application/json")
        {
            words.Add($"-d '{SchemaHtml.Example(body.Value!["schema"], Schema)!.ToJsonString(Writing)}'");
        }
        else if (body.Key is not null)
        {
            words.Add("--data-binary @FILE");
        }

        words.Add($"'{_server}{path}{(query.Length > 0 ? "?" + query : "")}'");
        _html.Append($"<pre>{Html.Escape(string.Join(' ', words))}</pre>");
    }

    private JsonNode Schema(string name) => document["components"]!["schemas"]![name]!;

    private JsonNode Resolved(JsonNode? node) => node!["$ref"] is { } reference
        ? ((string)reference!).Split('/').Skip(1).Aggregate((JsonNode)document, (at, step) => at[step]!)
        : node;

    private static string Anchor(string tag) => "group-" + tag.Replace(' ', '-').Replace("/", "", StringComparison.Ordinal);
}
