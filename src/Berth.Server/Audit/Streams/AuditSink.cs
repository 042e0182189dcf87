using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Berth.Client.Wire;

namespace Berth.Server.Audit.Streams;

/// <summary>Where the audit log goes besides the database.</summary>
internal interface IAuditSink
{
    /// <summary>Its place in the log is kept under this name.</summary>
    string Name { get; }

    /// <summary>When it returns, the entries are there for good; whoever calls it again after a failure brings the same.</summary>
    Task WriteAsync(IReadOnlyList<AuditLogEntry> entries, CancellationToken cancellationToken);
}

internal static class AuditLine
{
    /// <summary>An entry as one line of JSON, as the REST API answers it.</summary>
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

/// <summary>Appends lines of JSON. The file is opened for each batch, so that whoever rotates it just moves it away.</summary>
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
