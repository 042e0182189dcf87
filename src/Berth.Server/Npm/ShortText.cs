namespace Berth.Server.Npm;

/// <summary>What somebody says of themselves, as rows and pages take it.</summary>
internal static class ShortText
{
    /// <summary>Without control characters, no longer than said, and no half of a surrogate pair at the cut.</summary>
    public static string Of(string text, int most)
    {
        var shown = new string([.. text.Where(c => !char.IsControl(c))]);
        return shown.Length <= most ? shown : shown[..(char.IsHighSurrogate(shown[most - 1]) ? most - 1 : most)];
    }
}
