using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Berth.Client.Wire;

namespace Berth.Server.Audit.Streams;

/// <summary>Where the audit log is sent besides the database.</summary>
internal interface IAuditSink
{
    /// <summary>The name under which the stream's place in the log is stored.</summary>
    string Name { get; }

    /// <summary>When this returns, the entries are safely stored. After a failure the caller sends the same entries again.</summary>
    Task WriteAsync(IReadOnlyList<AuditLogEntry> entries, CancellationToken cancellationToken);
}

internal static class AuditLine
{
    /// <summary>An entry as one line of JSON, in the form of the REST API.</summary>
    public static string Of(AuditLogEntry entry)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            JsonSerializer.Serialize(writer, entry, BerthJson.Wire.Of<AuditLogEntry>());
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}

/// <summary>Appends lines of JSON. The file is opened for each batch, so a rotation can just move it away.</summary>
internal sealed class FileSink(string path) : IAuditSink
{
    public string Name => "file";

    public async Task WriteAsync(IReadOnlyList<AuditLogEntry> entries, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        var lines = string.Concat(entries.Select(entry => AuditLine.Of(entry) + "\n"));
        await file.WriteAsync(Encoding.UTF8.GetBytes(lines), cancellationToken);
        file.Flush(flushToDisk: true);
    }
}
