using System.Text.Encodings.Web;
using System.Text.Json;

namespace Berth.Server.Json;

/// <summary>
/// How JSON is written that is a body of its own: letters as they are, where .NET would write <c>'</c> and <c>+</c> as escapes. Never for
/// JSON inside a page.
/// </summary>
internal static class BodyJson
{
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
