using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// Takes secret values out of text: the values, their lines, and both also as programs write them. Those are base64, at every place that
/// they may begin at in a group of three bytes (a login is base64 of <c>user:password</c>) and in lines as tools break it; hexadecimal;
/// percent signs of URLs and forms; and a text within JSON. Values shorter than four characters are left alone: every log would be full of
/// holes.
/// </summary>
internal sealed class SecretMask
{
    public const string Replacement = "********";
    private const int ShortestValue = 4;

    /// <summary>Of what is no value as it is: short pieces are words of any log.</summary>
    private const int ShortestForm = 6;

    private const int ShortestBase64 = 8;

    /// <summary>Characters in a line of <c>base64</c>, of PEM and <c>openssl base64</c>, and of <c>xxd -p</c>.</summary>
    private static readonly int[] Base64Lines = [76, 64];

    private const int HexLine = 60;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private Parts _parts = new([], SearchValues.Create([], StringComparison.Ordinal));

    /// <param name="Any">The same as one question: most lines hold none.</param>
    private sealed record Parts(string[] All, SearchValues<string> Any);

    public void Add(IEnumerable<string> secrets)
    {
        lock (_lock)
        {
            foreach (var secret in secrets)
            {
                AddOne(secret);
            }

            // The longest first: what is left of a value when a part of it has been replaced would tell the rest.
            string[] parts = [.. _known.OrderByDescending(part => part.Length)];
            _parts = new Parts(parts, SearchValues.Create(parts, StringComparison.Ordinal));
        }
    }

    public string Apply(string text)
    {
        var parts = _parts;
        if (!text.AsSpan().ContainsAny(parts.Any))
        {
            return text;
        }

        foreach (var part in parts.All)
        {
            text = text.Replace(part, Replacement, StringComparison.Ordinal);
        }

        return text;
    }

    private void AddOne(string secret)
    {
        foreach (var part in secret.Split('\n')
            .Select(line => line.Trim())
            .Append(secret.Trim())
            .Where(part => part.Length >= ShortestValue))
        {
            if (_known.Add(part))
            {
                AddForms(part);
            }
        }

        if (secret.Length >= ShortestValue)
        {
            AddForms(secret);
        }
    }

    private void AddForms(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        AddBase64(bytes);
        AddLines(Convert.ToBase64String(bytes), Base64Lines);

        // As echo ends it.
        AddLines(Convert.ToBase64String([.. bytes, (byte)'\n']), Base64Lines);
        AddLines(Convert.ToHexString(bytes), HexLine);
        AddLines(Convert.ToHexStringLower(bytes), HexLine);

        var percent = Uri.EscapeDataString(secret);
        AddForm(percent);
        AddForm(SmallHex(percent));
        AddForm(percent.Replace("%20", "+", StringComparison.Ordinal));
        AddForm(SmallHex(percent).Replace("%20", "+", StringComparison.Ordinal));
        AddForm(string.Concat(bytes.Select(value => $"%{value:X2}")));
        AddForm(string.Concat(bytes.Select(value => $"%{value:x2}")));
        AddForm(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(secret));
        AddForm(JavaScriptEncoder.Default.Encode(secret));
    }

    private void AddForm(string form)
    {
        if (form.Length >= ShortestForm)
        {
            _known.Add(form);
        }
    }

    /// <summary>A form whole, and in the lines of tools that break it.</summary>
    private void AddLines(string form, params int[] lengths)
    {
        var text = form.TrimEnd('=');
        AddForm(text);
        foreach (var length in lengths.Where(length => length < text.Length))
        {
            foreach (var line in text.Chunk(length))
            {
                AddForm(new string(line));
            }
        }
    }

    /// <summary>What does not depend on the bytes before and after: without the first and last characters that mix with them.</summary>
    private void AddBase64(byte[] bytes)
    {
        for (var before = 0; before < 3; before++)
        {
            var text = Convert.ToBase64String([.. new byte[before], .. bytes]).TrimEnd('=');
            var first = before == 0 ? 0 : before + 1;
            var last = (before + bytes.Length) % 3 == 0 ? text.Length : text.Length - 1;
            if (last - first >= ShortestBase64)
            {
                _known.Add(text[first..last]);
                _known.Add(text[first..last].Replace('+', '-').Replace('/', '_'));
            }
        }
    }

    /// <summary><c>%2F</c> as <c>%2f</c>.</summary>
    private static string SmallHex(string percent)
    {
        var text = new StringBuilder(percent);
        for (var at = percent.IndexOf('%', StringComparison.Ordinal); at >= 0; at = percent.IndexOf('%', at + 1))
        {
            text[at + 1] = char.ToLowerInvariant(text[at + 1]);
            text[at + 2] = char.ToLowerInvariant(text[at + 2]);
        }

        return text.ToString();
    }
}
