using System.Text.Encodings.Web;
using System.Text.Json;

namespace Berth.Server.Json;

/// <summary>
/// How a body of JSON is written: characters stay as they are, while .NET would write <c>'</c> and <c>+</c> as escapes. Never use it for
/// JSON inside a page.
/// </summary>
internal static class BodyJson
{
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
