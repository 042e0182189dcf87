using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Berth.Server.Access;

namespace Berth.Server.Packages.Retention;

/// <summary>A branch, tag or pull request that tags of images may follow.</summary>
/// <param name="Kind"><c>branch</c>, <c>tag</c> or <c>pr</c>.</param>
/// <param name="Name">The name as tags spell it.</param>
internal sealed partial record FollowedRef(string Kind, string Name)
{
    public const string Rule = "a ref begins with refs/heads/, refs/tags/ or refs/pull/";

    private static readonly (string Prefix, string Kind)[] Kinds = [("refs/heads/", "branch"), ("refs/tags/", "tag"), ("refs/pull/", "pr")];

    /// <summary>
    /// Characters that no tag may have become <c>-</c>, as docker's metadata-action spells refs. A pull request is named by its number.
    /// </summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out FollowedRef? followed)
    {
        followed = null;
        foreach (var (prefix, kind) in Kinds)
        {
            if (text is not null && text.StartsWith(prefix, StringComparison.Ordinal) && text.Length > prefix.Length)
            {
                var name = kind == "pr" ? text[prefix.Length..].Split('/')[0] : text[prefix.Length..];
                followed = new FollowedRef(kind, NoTag().Replace(name, "-"));
            }
        }

        return followed is not null;
    }

    /// <summary>Whether the text names what it follows exactly once: <c>pr-{pr}</c>.</summary>
    public static bool IsPattern(string text) =>
        Kinds.Sum(kind => text.Split($"{{{kind.Kind}}}").Length - 1) == 1
        && TagPattern.IsPattern(Kinds.Aggregate(text, (rest, kind) => rest.Replace($"{{{kind.Kind}}}", "x", StringComparison.Ordinal)));

    public bool IsFollowedBy(string tag, string pattern)
    {
        var place = $"{{{Kind}}}";
        return pattern.Contains(place, StringComparison.Ordinal)
            && TagPattern.Matches(pattern.Replace(place, Name, StringComparison.Ordinal), tag);
    }

    public override string ToString() => $"{Kind} {Name}";

    [GeneratedRegex("[^a-zA-Z0-9._-]+", RegexOptions.NonBacktracking)]
    private static partial Regex NoTag();
}
