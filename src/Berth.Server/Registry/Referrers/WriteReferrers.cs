using System.Buffers;
using System.Text;
using System.Text.Json;
using Berth.Server.Database;
using Berth.Server.Json;
using Berth.Server.Oci;

namespace Berth.Server.Registry.Referrers;

/// <summary>Which of a digest's referrers one answer contains.</summary>
/// <param name="ArtifactType">Only referrers of this type. Null: all.</param>
/// <param name="After">The last digest of the page before. Empty: the first page.</param>
internal sealed record ReferrersQuery(long PackageId, Digest Subject, string? ArtifactType, string After);

/// <summary>
/// Writes a page of referrers while it is read. Only a few rows, or a piece of one row's annotations, are in memory at a time, however
/// large the page is and however slowly the client reads it.
/// </summary>
internal sealed class WriteReferrers(Db db)
{
    /// <summary>The most bytes of an index that clients read. A page is larger only if its single manifest is.</summary>
    private const long PageBytes = 4 << 20;

    /// <summary>The size of a descriptor beyond what its manifest says itself.</summary>
    private const int DescriptorBytes = 300;

    /// <summary>Finds the last digest of the page, which is empty when nothing refers to the subject, and whether more follow.</summary>
    /// <param name="most">The limit of rows.</param>
    public async Task<(string Last, bool More)> EndAsync(ReferrersQuery query, int most, CancellationToken cancellationToken)
    {
        var sizes = await db.ReadAsync(session => ReferrersTable.SizesAsync(session, query, most + 1), cancellationToken);
        var (bytes, last) = (0L, "");
        for (var i = 0; i < Math.Min(most, sizes.Count); i++)
        {
            // The manifest itself contains type and annotations, so its size is larger than theirs.
            bytes += sizes[i].Size + DescriptorBytes;
            if (i > 0 && bytes > PageBytes)
            {
                return (last, true);
            }

            last = sizes[i].Digest;
        }

        return (last, sizes.Count > most);
    }

    public async Task RunAsync(HttpResponse response, ReferrersQuery? query, string last, CancellationToken cancellationToken)
    {
        var body = response.BodyWriter;
        body.Write(Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":["""));
        for (var first = true; query is not null && string.CompareOrdinal(query.After, last) < 0;)
        {
            var rows = await db.ReadAsync(session => ReferrersTable.ListAsync(session, query, last), cancellationToken);
            if (rows.Count == 0)
            {
                break; // They were deleted meanwhile.
            }

            foreach (var row in rows)
            {
                body.Write(first ? ""u8 : ","u8);
                first = false;
                if (!await WriteAsync(response, row, cancellationToken))
                {
                    response.HttpContext.Abort();
                    return;
                }
            }

            query = query with { After = rows[^1].Digest };
            await body.FlushAsync(cancellationToken);
        }

        body.Write("]}"u8);
    }

    /// <summary>
    /// Returns false when the annotations were deleted between two pieces. The client must not take what it has for the whole.
    /// </summary>
    private async Task<bool> WriteAsync(HttpResponse response, ReferrerRow row, CancellationToken cancellationToken)
    {
        var body = response.BodyWriter;
        await using (var json = new Utf8JsonWriter(body, BodyJson.Writing))
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

            // Leave out the end, so that annotations can follow.
            await json.FlushAsync(cancellationToken);
        }

        if (row.AnnotationsApart && !await WriteAnnotationsAsync(response, row.Id, cancellationToken))
        {
            return false;
        }

        body.Write("}"u8);
        return true;
    }

    private async Task<bool> WriteAnnotationsAsync(HttpResponse response, long id, CancellationToken cancellationToken)
    {
        var body = response.BodyWriter;
        body.Write(",\"annotations\":"u8);
        for (var from = 0; ; from += ReferrersTable.PieceLength)
        {
            if (await db.ReadLargeAsync(session => ReferrersTable.AnnotationsAsync(session, id, from), cancellationToken) is not { } piece)
            {
                return false;
            }

            Encoding.UTF8.GetBytes(piece, body);
            await body.FlushAsync(cancellationToken);
            if (piece.Length < ReferrersTable.PieceLength)
            {
                return true;
            }
        }
    }
}
