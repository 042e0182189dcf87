namespace Berth.Server.Npm;

/// <summary>Makes what somebody says about themselves fit for rows and pages.</summary>
internal static class ShortText
{
    /// <summary>Removes control characters, and cuts to the length without leaving half of a surrogate pair.</summary>
    public static string Of(string text, int most)
    {
        var shown = new string([.. text.Where(c => !char.IsControl(c))]);
        return shown.Length <= most ? shown : shown[..(char.IsHighSurrogate(shown[most - 1]) ? most - 1 : most)];
    }
}
