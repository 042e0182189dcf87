namespace Berth.Server.Faults;

/// <summary>What somebody else wrote, as part of a sentence: what can be printed of its beginning.</summary>
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
