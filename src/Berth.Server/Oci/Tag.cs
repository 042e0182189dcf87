using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Berth.Server.Oci;

/// <summary>
/// A name for a version of an image, which may move to another one: distribution-spec, "Pulling manifests", at most 128 characters.
/// </summary>
internal sealed partial record Tag
{
    /// <summary>The grammar in words.</summary>
    public const string Rule = "a tag begins with a letter, a digit or _, goes on with those, . and -, and has at most 128 characters";

    /// <summary>The tag that is meant when none is named.</summary>
    public static readonly Tag Latest = new("latest");

    private Tag(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Tag? tag)
    {
        tag = text is not null && Grammar().IsMatch(text) ? new Tag(text) : null;
        return tag is not null;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Grammar();
}
