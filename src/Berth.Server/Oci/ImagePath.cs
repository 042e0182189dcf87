using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Berth.Server.Oci;

/// <summary>
/// The name of an image within any registry: <c>library/node</c>. For the grammar and the limit of 255 characters see distribution-spec,
/// "Pulling manifests".
/// </summary>
internal sealed partial record ImagePath
{
    private const int Longest = 255;

    private ImagePath(string value) => Value = value;

    public string Value { get; }

    public bool HasSlash => Value.Contains('/', StringComparison.Ordinal);

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImagePath? path)
    {
        path = text is { Length: > 0 and <= Longest } && Grammar().IsMatch(text) ? new ImagePath(text) : null;
        return path is not null;
    }

    public override string ToString() => Value;

    [GeneratedRegex(
        @"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
