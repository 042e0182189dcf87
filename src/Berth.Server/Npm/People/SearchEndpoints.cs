using System.Globalization;
using System.Text.Json;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Json;
using Berth.Server.Npm.Authorization;
using Berth.Server.Npm.Documents;

namespace Berth.Server.Npm.People;

/// <summary>
/// <c>npm search</c>: the name, description or keywords of a package must contain all words, and the caller must be able to read it. A
/// search that finds very many returns the first ones. There are no scores here, so all are equal.
/// </summary>
internal static class SearchEndpoints
{
    private const int MostText = 200;
    private const int MostSize = 250;
    private const int MostLooked = 20_000;

    public static void MapSearch(this IEndpointRouteBuilder npm) => npm.MapGet("/-/v1/search", SearchAsync).ForAnybody();

    private static async Task<IResult> SearchAsync(
        HttpRequest request, NpmCaller caller, Db db, TimeProvider time, CancellationToken cancellationToken)
    {
        var text = request.Query["text"].ToString();
        if (text.Length > MostText || !TryNumber(request.Query["size"], 20, out var size) || size > MostSize
            || !TryNumber(request.Query["from"], 0, out var from))
        {
            return NpmErrors.Bad($"text has at most {MostText} characters, size is 0 to {MostSize}, and from is a number");
        }

        var (found, total) = await db.ReadAsync(
            async session =>
            {
                var all = await AccessDecisions.FindAsync(session, caller.Principal, PackageAddress.Npm, SearchTable.Of(text), MostLooked);
                return (await SearchTable.LatestAsync(session, [.. all.Skip(from).Take(size)]), all.Count);
            },
            cancellationToken);
        return Results.Bytes(Write(found, total, time.GetUtcNow()), "application/json; charset=utf-8");
    }

    private static byte[] Write(List<FoundRow> found, int total, DateTimeOffset now)
    {
        using var target = new MemoryStream();
        using (var json = new Utf8JsonWriter(target, BodyJson.Writing))
        {
            json.WriteStartObject();
            json.WriteStartArray("objects");
            found.ForEach(row => WriteOne(json, row));
            json.WriteEndArray();
            json.WriteNumber("total", total);
            json.WriteString("time", now.UtcDateTime);
            json.WriteEndObject();
        }

        return target.ToArray();
    }

    private static void WriteOne(Utf8JsonWriter json, FoundRow row)
    {
        using var manifest = Read(row);
        json.WriteStartObject();
        json.WriteStartObject("package");
        json.WriteString("name", $"@{row.Owner.ToLowerInvariant()}/{row.Name}");
        json.WriteString("scope", row.Owner.ToLowerInvariant());
        json.WriteString("version", row.Version);
        json.WriteString("description", manifest.RootElement.TextOf("description") ?? "");
        json.WriteStartArray("keywords");
        foreach (var keyword in manifest.RootElement.ListOf("keywords").Where(keyword => keyword.ValueKind == JsonValueKind.String))
        {
            keyword.WriteTo(json);
        }

        json.WriteEndArray();
        json.WriteString("date", row.CreatedAt.UtcDateTime);
        json.WriteStartObject("links");
        if (manifest.RootElement.TextOf("homepage") is { } homepage)
        {
            json.WriteString("homepage", homepage);
        }

        json.WriteEndObject();
        json.WriteStartObject("publisher");
        json.WriteString("username", row.Publisher ?? row.Owner);
        json.WriteEndObject();
        json.WriteStartArray("maintainers");
        json.WriteStartObject();
        json.WriteString("username", row.Owner);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("score");
        json.WriteNumber("final", 1);
        json.WriteStartObject("detail");
        json.WriteNumber("quality", 1);
        json.WriteNumber("popularity", 1);
        json.WriteNumber("maintenance", 1);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteNumber("searchScore", 1);
        json.WriteEndObject();
    }

    private static JsonDocument Read(FoundRow row) =>
        JsonDocument.Parse(row.Manifest, new JsonDocumentOptions { MaxDepth = NpmGrammar.Deepest });

    private static bool TryNumber(string? text, int otherwise, out int number)
    {
        number = otherwise;
        return string.IsNullOrEmpty(text) || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
