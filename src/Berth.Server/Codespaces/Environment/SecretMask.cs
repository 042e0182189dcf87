using System.Text;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// Takes secret values out of text: the values, their lines, and both also in base64, at every place that they may begin at in a group of
/// three bytes (a login is base64 of <c>user:password</c>). Values shorter than four characters are left alone: every log would be full of
/// holes.
/// </summary>
internal sealed class SecretMask
{
    public const string Replacement = "********";
    private const int ShortestValue = 4;
    private const int ShortestBase64 = 8;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private string[] _parts = [];

    public void Add(IEnumerable<string> secrets)
    {
        lock (_lock)
        {
            foreach (var secret in secrets)
            {
                AddOne(secret);
            }

            // The longest first: what is left of a value when a part of it has been replaced would tell the rest.
            _parts = [.. _known.OrderByDescending(part => part.Length)];
        }
    }

    public string Apply(string text)
    {
        foreach (var part in _parts)
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
                AddBase64(part);
            }
        }

        if (secret.Length >= ShortestValue)
        {
            AddBase64(secret);
        }
    }

    /// <summary>What does not depend on the bytes before and after: without the first and last characters that mix with them.</summary>
    private void AddBase64(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
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
}
