namespace Berth.Server.Registries;

/// <summary>
/// Cleans a part of a login as people paste it, into a secret or into a check of it. Both use the same rule, so that a check says what a
/// codespace will get.
/// </summary>
internal static class CopiedText
{
    /// <summary>Removes what copying adds: white space and line ends, then one pair of quotes.</summary>
    public static string Clean(string value)
    {
        var text = value.Trim().Trim('\uFEFF').Trim();
        return text.Length >= 2 && text[0] is '"' or '\'' && text[^1] == text[0] ? text[1..^1].Trim() : text;
    }
}
