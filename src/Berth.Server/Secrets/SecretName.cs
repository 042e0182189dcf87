using System.Diagnostics.CodeAnalysis;

namespace Berth.Server.Secrets;

/// <summary>
/// The name of a secret: letters, digits and <c>_</c>, without a digit at the beginning, not beginning with <c>GITHUB_</c>, always in upper
/// case.
/// </summary>
public sealed record SecretName
{
    private const int Longest = 255;

    private SecretName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse(string? text, [NotNullWhen(true)] out SecretName? name, [NotNullWhen(false)] out string? fault)
    {
        name = null;
        fault = text switch
        {
            null or "" => "a secret has a name",
            { Length: > Longest } => $"a secret's name has at most {Longest} characters",
            _ when !text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') => "a secret's name has only letters, digits and _",
            _ when char.IsAsciiDigit(text[0]) => "a secret's name does not begin with a digit",
            _ when text.StartsWith("GITHUB_", StringComparison.OrdinalIgnoreCase) =>
                "names that begin with GITHUB_ are kept for the system",
            _ => null,
        };
        if (fault is null)
        {
            name = new SecretName(text!.ToUpperInvariant());
        }

        return fault is null;
    }

    public override string ToString() => Value;
}
