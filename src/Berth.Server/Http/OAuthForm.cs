using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Berth.Server.Http;

/// <summary>
/// The form of a POST to a token endpoint: RFC 6749 appendix B, <c>application/x-www-form-urlencoded</c> in UTF-8. The framework's own
/// reader accepts more (files, other encodings, megabytes) and throws on the rest.
/// </summary>
internal sealed class OAuthForm
{
    public const int LargestBytes = 64 * 1024;

    /// <summary>More than all scopes that may be requested, each in a field of its own, and everything else that clients send.</summary>
    private const int MostFields = 100;

    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);
    private readonly List<string> _scopes = [];

    private OAuthForm()
    {
    }

    public IReadOnlyList<string> Scopes => _scopes;

    /// <summary>Empty when the form does not contain the field.</summary>
    public string this[string name] => _fields.GetValueOrDefault(name, "");

    /// <summary>Returns the form, or a status and what is wrong with it.</summary>
    public static async Task<(OAuthForm? Form, int Status, string Fault)> ReadAsync(
        HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            return (null, 400, "the body must be application/x-www-form-urlencoded");
        }

        if (HeaderUtilities.RemoveQuotes(type.Charset).ToString().ToLowerInvariant() is not ("" or "utf-8" or "us-ascii"))
        {
            return (null, 400, "the form must be UTF-8");
        }

        try
        {
            using var body = await ReceivedBody.ReadAsync(
                request, LargestBytes, Errors.TooLarge(request.HttpContext, LargestBytes), cancellationToken);
            return TryParse(body.Content, out var form, out var fault) ? (form, 200, "") : (null, 400, fault);
        }
        catch (BadHttpRequestException exception)
        {
            return (null, exception.StatusCode, exception.Message);
        }
    }

    internal static bool TryParse(ReadOnlySpan<byte> body, [NotNullWhen(true)] out OAuthForm? form, [NotNullWhen(false)] out string? fault)
    {
        (form, fault) = (null, null);
        var read = new OAuthForm();
        var count = 0;
        foreach (var range in body.Split((byte)'&'))
        {
            var field = body[range];
            if (field.IsEmpty)
            {
                continue;
            }

            if (++count > MostFields)
            {
                fault = $"the form has more than {MostFields} fields";
                return false;
            }

            var equals = field.IndexOf((byte)'=');
            if (!TryDecode(equals < 0 ? field : field[..equals], out var name)
                || !TryDecode(equals < 0 ? [] : field[(equals + 1)..], out var value))
            {
                fault = $"field {count} of the form is not percent-encoded UTF-8 without control characters";
                return false;
            }

            if (name == "scope")
            {
                read._scopes.Add(value);
            }
            else if (!read._fields.TryAdd(name, value))
            {
                fault = $"field {count} of the form is there twice";
                return false;
            }
        }

        form = read;
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> encoded, out string text)
    {
        text = "";
        var bytes = new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var next = encoded[i];
            if (next == '%')
            {
                if (i + 2 >= encoded.Length
                    || !byte.TryParse(encoded.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out next))
                {
                    return false;
                }

                i += 2;
            }
            else if (next == '+')
            {
                next = (byte)' ';
            }

            bytes[length++] = next;
        }

        if (!System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length)))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes, 0, length);
        return !text.Any(char.IsControl);
    }
}
