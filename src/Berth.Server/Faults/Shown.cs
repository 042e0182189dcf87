namespace Berth.Server.Faults;

/// <summary>Makes somebody else's text safe to quote in a sentence: the printable part of its beginning.</summary>
internal static class Shown
{
    private const int Longest = 200;

    public static string Of(string text)
    {
        var printable = new string([.. text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c))]);
        return printable.Length <= Longest ? printable : printable[..Longest] + "…";
    }

    public static string Quoted(string? text) => text is null ? "nothing" : $"\"{Of(text)}\"";
}
