using System.Collections.Concurrent;

namespace Berth.Server.Codespaces.Preflight;

/// <summary>Removes secret values and tokens from the report of a pre-flight, wherever its lines come from.</summary>
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

    /// <summary>Returns one line without secrets and without control characters.</summary>
    public string Clean(string text)
    {
        // Replace the longest first, so that nothing is left of a secret that contains another.
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
