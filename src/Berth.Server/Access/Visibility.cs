namespace Berth.Server.Access;

/// <summary>Who may read without any grant. The values are in order from closed to open.</summary>
public enum Visibility
{
    Private,
    Internal,
    Public,
}

public static class VisibilityNames
{
    public static string Name(this Visibility visibility) => visibility switch
    {
        Visibility.Public => "public",
        Visibility.Internal => "internal",
        _ => "private",
    };

    public static Visibility Parse(string text) =>
        TryParse(text, out var visibility) ? visibility : throw new FormatException($"'{text}' is no visibility");

    public static bool TryParse(string? text, out Visibility visibility)
    {
        visibility = text switch
        {
            "public" => Visibility.Public,
            "internal" => Visibility.Internal,
            _ => Visibility.Private,
        };
        return text is "public" or "internal" or "private";
    }
}
