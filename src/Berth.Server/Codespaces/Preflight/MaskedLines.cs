using System.Collections.Concurrent;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>Keeps secret values and tokens out of what a pre-flight tells, whoever said them.</summary>
internal sealed class MaskedLines
{
    private const int ShortestMasked = 4;
    private readonly ConcurrentDictionary<string, bool> _masked = new(StringComparer.Ordinal);

    public void Mask(string secret)
    {
        if (secret.Length >= ShortestMasked)
        {
            _masked[secret] = true;
        }
    }

    /// <summary>One line without them and without control characters.</summary>
    public string Clean(string text)
    {
        // The longest first, so that one within another leaves nothing of it.
        foreach (var secret in _masked.Keys.OrderByDescending(value => value.Length))
        {
            text = text.Replace(secret, "********", StringComparison.Ordinal);
        }

        return text.Any(char.IsControl) ? string.Create(text.Length, text, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        }) : text;
    }
}
