using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// Removes secret values from text: the values, their lines, and both in the forms that programs write. These forms are base64,
/// hexadecimal, percent-encoding of URLs and forms, and text within JSON. Base64 is found at each of the three offsets within a group of
/// three bytes (a login is base64 of <c>user:password</c>), and in lines as tools break it. Values shorter than four characters are left
/// alone, since every log would be full of holes.
/// </summary>
internal sealed class SecretMask
{
    public const string Replacement = "********";
    private const int ShortestValue = 4;

    /// <summary>The shortest piece of an encoded value. Shorter pieces occur as words in any log.</summary>
    private const int ShortestForm = 6;

    private const int ShortestBase64 = 8;

    /// <summary>Characters in a line of <c>base64</c>, of PEM and <c>openssl base64</c>, and of <c>xxd -p</c>.</summary>
    private static readonly int[] Base64Lines = [76, 64];

    private const int HexLine = 60;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private Parts _parts = new([], SearchValues.Create([], StringComparison.Ordinal));

    /// <param name="Any">Searches for all parts at once, since most lines contain none.</param>
    private sealed record Parts(string[] All, SearchValues<string> Any);

    public void Add(IEnumerable<string> secrets)
    {
        lock (_lock)
        {
            foreach (var secret in secrets)
            {
                AddOne(secret);
            }

            // Replace the longest first. If a part of a value were replaced before it, what is left would tell the rest.
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

        // With the line feed that echo adds.
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

    /// <summary>Adds a form as a whole, and in the lines into which tools break it.</summary>
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

    /// <summary>
    /// Adds the base64 characters that do not depend on the bytes before and after. The first and last characters mix with those, and are
    /// left out.
    /// </summary>
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
