using System.Globalization;
using System.Text.Json;
using Berth.Server.Http;

namespace Berth.Server.Api;

/// <summary>
/// A request body, read strictly: an object of limited size and depth without repeated names. Fields of the wrong type and unusable
/// values are collected and reported together (422) by <see cref="Validate"/>; unknown fields are nobody's mistake.
/// </summary>
internal sealed class JsonBody
{
    private const int Deepest = 16;
    private const int MostListed = 1000;
    private readonly JsonElement _root;
    private readonly List<FieldError> _faults;
    private readonly string _resource;
    private readonly string _prefix;

    private JsonBody(JsonElement root, string resource, string prefix, List<FieldError> faults)
    {
        _root = root;
        _resource = resource;
        _prefix = prefix;
        _faults = faults;
    }

    /// <summary>An empty body counts as an empty object, so that a request whose fields are all optional needs none.</summary>
    /// <exception cref="ApiException">400 for what is no JSON object, 413 for more than 1 MiB.</exception>
    public static async Task<JsonBody> ReadAsync(HttpRequest request, string resource, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > BodyLimit.Json)
            {
                throw new ApiException(Errors.BadRequest(413, "The body is larger than 1 MiB"));
            }

            await buffer.WriteAsync(chunk.AsMemory(0, read), cancellationToken);
        }

        return new JsonBody(Parse(buffer), resource, "", []);
    }

    public bool Has(string field) => _root.TryGetProperty(field, out _);

    public bool IsNull(string field) => _root.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Null;

    /// <summary>Null when it is not there, null, or wrong (then it is a fault).</summary>
    public string? Text(string field, bool required = false, int longest = 255)
    {
        if (!Find(field, required, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String || !TryString(value, out var text))
        {
            Fault(field, "invalid", $"{_prefix}{field} must be a string of valid Unicode");
            return null;
        }

        if (text.Length > longest)
        {
            Fault(field, "invalid", $"{_prefix}{field} may have at most {longest} characters");
            return null;
        }

        if (required && text.Trim().Length == 0)
        {
            Fault(field, "missing_field", $"{_prefix}{field} must not be empty");
            return null;
        }

        // PostgreSQL stores no NUL, and no name or remark has a use for control characters.
        if (text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
        {
            Fault(field, "invalid", $"{_prefix}{field} must not contain control characters");
            return null;
        }

        return text;
    }

    /// <summary>One of some words.</summary>
    public string? Word(string field, bool required, params string[] words)
    {
        var text = Text(field, required);
        if (text is null || words.Contains(text, StringComparer.Ordinal))
        {
            return text;
        }

        Fault(field, "invalid", $"{_prefix}{field} must be one of {string.Join(", ", words)}");
        return null;
    }

    public bool? Flag(string field)
    {
        if (!Find(field, required: false, out var value))
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Fault(field, "invalid", $"{_prefix}{field} must be true or false");
        return null;
    }

    public long? Number(string field, bool required, long least, long most)
    {
        if (!Find(field, required, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fault(field, "invalid", $"{_prefix}{field} must be a whole number from {least} to {most}");
        return null;
    }

    /// <summary>An ISO 8601 time with a zone, or a date.</summary>
    public DateTimeOffset? Time(string field)
    {
        if (Text(field) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && text.Length >= 10 && char.IsAsciiDigit(text[0]))
        {
            return time;
        }

        Fault(field, "invalid", $"{_prefix}{field} must be a time such as 2030-01-31T12:00:00Z");
        return null;
    }

    /// <summary>The arguments of a process: strings of any length that a body may have, also empty ones and with line ends, but without NUL.</summary>
    public List<string>? Arguments(string field, bool required = false) =>
        Texts(field, required, text => !text.Contains('\0', StringComparison.Ordinal), "strings without NUL");

    /// <summary>A list of strings; null when it is not there.</summary>
    public List<string>? Texts(string field, bool required = false) =>
        Texts(field, required, text => text.Length is > 0 and <= 255 && !text.Any(char.IsControl), "strings of 1 to 255 characters");

    private List<string>? Texts(string field, bool required, Func<string, bool> fits, string kind)
    {
        if (!Find(field, required, out var value))
        {
            return null;
        }

        List<string> texts = [];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MostListed)
        {
            Fault(field, "invalid", $"{_prefix}{field} must be a list of at most {MostListed} strings");
            return null;
        }

        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || !TryString(item, out var text) || !fits(text))
            {
                Fault(field, "invalid", $"{_prefix}{field} must be a list of {kind}");
                return null;
            }

            texts.Add(text);
        }

        return texts;
    }

    /// <summary>A list of ids; null when it is not there. Some clients write ids as strings.</summary>
    public List<long>? Ids(string field, bool required = false)
    {
        if (!Find(field, required, out var value))
        {
            return null;
        }

        List<long> ids = [];
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MostListed)
        {
            foreach (var item in value.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var id)
                    || (item.ValueKind == JsonValueKind.String && TryString(item, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id)))
                {
                    ids.Add(id);
                }
            }

            if (ids.Count == value.GetArrayLength())
            {
                return ids;
            }
        }

        Fault(field, "invalid", $"{_prefix}{field} must be a list of at most {MostListed} ids");
        return null;
    }

    /// <summary>An object inside; its faults are this body's.</summary>
    public JsonBody? Inner(string field, bool required)
    {
        if (!Find(field, required, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return new JsonBody(value, _resource, $"{_prefix}{field}.", _faults);
        }

        Fault(field, "invalid", $"{_prefix}{field} must be an object");
        return null;
    }

    public void Fault(string field, string code, string message) => _faults.Add(new FieldError(_resource, _prefix + field, code, message));

    /// <exception cref="ApiException">422 with every fault found so far.</exception>
    public void Validate()
    {
        if (_faults.Count > 0)
        {
            var words = string.Join("; ", _faults.Select(fault => fault.Message));
            throw new ApiException(new ApiError(422, _faults[0].Code, $"Validation Failed: {words}") { Fields = _faults });
        }
    }

    private static JsonElement Parse(MemoryStream buffer)
    {
        var bytes = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        if (bytes.Span.Trim(" \t\r\n"u8).Length == 0)
        {
            bytes = "{}"u8.ToArray();
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = Deepest, AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ApiException(Errors.NotObject);
        }
        catch (JsonException exception)
        {
            var place = exception.LineNumber is { } line ? $"line {line + 1}, byte {exception.BytePositionInLine}" : "a name stands there twice";
            throw new ApiException(Errors.NotJson.With(exception.Message.Contains("depth", StringComparison.OrdinalIgnoreCase)
                ? $"nested more than {Deepest} deep" : place));
        }
    }

    private static bool TryString(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate, \ud800, is JSON and no text.
            text = "";
            return false;
        }
    }

    private bool Find(string field, bool required, out JsonElement value)
    {
        var there = _root.TryGetProperty(field, out value) && value.ValueKind != JsonValueKind.Null;
        if (!there && required)
        {
            Fault(field, "missing_field", $"{_prefix}{field} is missing");
        }

        return there;
    }
}
