using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Oci;

/// <summary>
/// Tags that only say what their manifest refers to: distribution-spec, "Referrers Tag Schema" (<c>sha256-HEX</c>, the digits cut to 64),
/// and those of older signing tools, which have a suffix (<c>sha256-HEX.sig</c>).
/// </summary>
internal static class ReferrersTag
{
    private const int Digits = 64;

    /// <summary>Whether a tag has this form. What it names need not exist.</summary>
    public static bool Is(string tag) => TrySubject(tag, out _);

    /// <summary>Whether a text, such as a pattern, begins like these tags.</summary>
    public static bool Begins(string text) =>
        text.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash && Digest.IsAlgorithm(text[..dash]);

    /// <summary>Returns what the tag names, in the form of <see cref="Of"/>. For a longer digest this is its beginning.</summary>
    public static bool TrySubject(string tag, [NotNullWhen(true)] out string? subject)
    {
        subject = null;
        var dash = tag.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !Digest.IsAlgorithm(tag[..dash]))
        {
            return false;
        }

        var digits = tag.AsSpan(dash + 1);
        var dot = digits.IndexOf('.');
        digits = dot < 0 ? digits : digits[..dot];
        if (digits.Length != Digits || digits.IndexOfAnyExcept(Digest.LowerHex) >= 0)
        {
            return false;
        }

        subject = tag[..(dash + 1 + Digits)];
        return true;
    }

    /// <summary>The tag under which clients list what refers to a manifest.</summary>
    public static string Of(string digest)
    {
        var tag = digest.Replace(':', '-');
        return tag[..Math.Min(tag.Length, tag.IndexOf('-', StringComparison.Ordinal) + 1 + Digits)];
    }
}
