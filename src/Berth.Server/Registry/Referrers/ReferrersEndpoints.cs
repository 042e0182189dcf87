using System.Text.Encodings.Web;
using System.Text.Json;
using Berth.Server.Database;
using Berth.Server.Oci;
using Berth.Server.Registry.Authorization;

namespace Berth.Server.Registry.Referrers;

internal static class ReferrersEndpoints
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void MapReferrers(this IEndpointRouteBuilder registry) =>
        registry.MapMethods("{name}/referrers/{digest}", ["GET", "HEAD"], ListAsync).Requires(RegistryActions.Pull);

    /// <summary>
    /// distribution-spec, "Listing Referrers": an index of what refers to the digest, empty where nothing does. Never a 404, as the specification
    /// says, also where nothing has been published: clients would take it for a registry without this API.
    /// </summary>
    private static async Task<IResult> ListAsync(HttpContext http, RegistryAccess access, string digest, Db db, CancellationToken cancellationToken)
    {
        if (!Digest.TryParse(digest, out var subject))
        {
            return RegistryErrors.DigestInvalid.With(RegistryErrors.DigestRule);
        }

        if (!Paging.TryParse(http.Request.Query, out var page, out var invalid))
        {
            return invalid!;
        }

        var artifactType = http.Request.Query["artifactType"].FirstOrDefault() is { Length: > 0 } type ? type : null;
        var rows = access.PackageId is not { } packageId || page.Count == 0 ? [] : await db.ReadAsync(
            session => ReferrersTable.ListAsync(session, packageId, subject, artifactType, page.Last, page.Count + 1), cancellationToken);
        if (rows.Count > page.Count)
        {
            rows.RemoveAt(page.Count);
            var filter = artifactType is null ? "" : $"&artifactType={Uri.EscapeDataString(artifactType)}";
            Paging.Link(http.Response, $"/v2/{access.Name.Value}/referrers/{subject.Value}", page.Count, rows[^1].Digest, filter);
        }

        if (artifactType is not null)
        {
            http.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }

        return Results.Bytes(Index(rows), MediaTypes.OciIndex);
    }

    private static byte[] Index(IEnumerable<ReferrerRow> rows)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, Writing))
        {
            json.WriteStartObject();
            json.WriteNumber("schemaVersion", 2);
            json.WriteString("mediaType", MediaTypes.OciIndex);
            json.WriteStartArray("manifests");
            foreach (var row in rows)
            {
                Write(json, row);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void Write(Utf8JsonWriter json, ReferrerRow row)
    {
        json.WriteStartObject();
        json.WriteString("mediaType", row.MediaType);
        json.WriteString("digest", row.Digest);
        json.WriteNumber("size", row.Size);
        if (row.ArtifactType is not null)
        {
            json.WriteString("artifactType", row.ArtifactType);
        }

        if (row.Annotations is not null)
        {
            json.WritePropertyName("annotations");
            json.WriteRawValue(row.Annotations);
        }

        json.WriteEndObject();
    }
}
