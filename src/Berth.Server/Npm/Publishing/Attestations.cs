using System.Text;
using System.Text.Json;
using Berth.Server.Http;
using Berth.Server.Json;

namespace Berth.Server.Npm.Publishing;

/// <summary>
/// The Sigstore bundles that <c>npm publish --provenance</c> attaches. They are stored and served unchanged. Clients verify them. The
/// server only vouches that they arrived with the version.
/// </summary>
internal static class Attestations
{
    private const string Provenance = "https://slsa.dev/provenance/v1";
    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = NpmGrammar.Deepest };

    /// <summary>Returns a JSON list. Null when there are none.</summary>
    /// <exception cref="ApiException">400: one of them is not JSON.</exception>
    public static string? Of(JsonElement attachments)
    {
        if (attachments.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        using var target = new MemoryStream();
        var count = 0;
        using (var json = new Utf8JsonWriter(target, BodyJson.Writing))
        {
            json.WriteStartArray();
            foreach (var attachment in attachments.EnumerateObject())
            {
                if (attachment.Name.EndsWith(".sigstore", StringComparison.Ordinal))
                {
                    Write(json, attachment.Name, attachment.Value.TextOf("data") ?? "");
                    count++;
                }
            }

            json.WriteEndArray();
        }

        return count == 0 ? null : Encoding.UTF8.GetString(target.GetBuffer(), 0, (int)target.Length);
    }

    private static void Write(Utf8JsonWriter json, string name, string bundle)
    {
        try
        {
            using var parsed = OutsideJson.Parse(bundle, Parsing);
            json.WriteStartObject();
            json.WriteString("predicateType", PredicateOf(parsed.RootElement) ?? Provenance);
            json.WritePropertyName("bundle");
            parsed.RootElement.WriteTo(json);
            json.WriteEndObject();
        }
        catch (OutsideJsonException exception)
        {
            throw new ApiException(NpmErrors.Bad($"the attachment {name} is not JSON: {exception.Message}"));
        }
    }

    /// <summary>The type that the statement in the envelope names (in-toto Statement v1).</summary>
    private static string? PredicateOf(JsonElement bundle)
    {
        try
        {
            if (bundle.ObjectOf("dsseEnvelope").TextOf("payload") is not { } payload)
            {
                return null;
            }

            using var statement = OutsideJson.Parse(Convert.FromBase64String(payload), Parsing);
            return statement.RootElement.TextOf("predicateType");
        }
        catch (Exception exception) when (exception is FormatException or OutsideJsonException)
        {
            return null;
        }
    }
}
