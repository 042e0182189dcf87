namespace Berth.Server.Access;

/// <summary>
/// Narrows a token to some packages. <c>acme/*</c> covers everything of the account, with nested names and both types. <c>acme/app</c>
/// covers one name, and <c>acme/tools/*</c> the names below it. A token with patterns reaches only routes of packages.
/// </summary>
public sealed class PackagePatterns : IEquatable<PackagePatterns>
{
    public static readonly PackagePatterns Unrestricted = new(null);

    private readonly string[]? _patterns;

    private PackagePatterns(string[]? patterns) => _patterns = patterns;

    public bool Restricts => _patterns is not null;

    public IReadOnlyList<string> Patterns => _patterns ?? [];

    public static PackagePatterns Parse(string? text) =>
        text is null ? Unrestricted : new(text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public static bool IsValid(string pattern)
    {
        var slash = pattern.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && pattern.Length > slash + 1 && pattern.Length <= 255
            && pattern.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '*' or '@')
            && pattern.IndexOf('*', StringComparison.Ordinal) is var star
            && (star < 0 || (star == pattern.Length - 1 && pattern[star - 1] == '/'));
    }

    public bool Cover(string owner, string name)
    {
        if (_patterns is null)
        {
            return true;
        }

        var full = $"{owner}/{name}";
        return Array.Exists(_patterns, pattern => pattern.EndsWith("/*", StringComparison.Ordinal)
            ? full.StartsWith(pattern[..^1], StringComparison.OrdinalIgnoreCase)
            : full.Equals(pattern, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether some package of the owner could be covered.</summary>
    public bool MayCover(string owner) =>
        _patterns is null || Array.Exists(_patterns, pattern => pattern.StartsWith(owner + "/", StringComparison.OrdinalIgnoreCase));

    public bool Equals(PackagePatterns? other) =>
        other is not null && Restricts == other.Restricts && Patterns.SequenceEqual(other.Patterns, StringComparer.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as PackagePatterns);

    public override int GetHashCode() => string.GetHashCode(Describe(), StringComparison.Ordinal);

    public string Describe() => _patterns is null ? "" : $" for {string.Join(", ", _patterns)}";
}
