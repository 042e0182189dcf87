namespace Berth.SystemTests.Fixtures.Clients;

/// <summary>A version of a package, and its dependencies.</summary>
internal sealed record TreeVersion(string Name, string Version, IReadOnlyDictionary<string, string> Dependencies);

/// <summary>
/// 200 packages that depend on each other as those of a real program do. The tree is almost thirty deep, most packages are needed by
/// several others, and fifty are needed in two versions that cannot be in one place.
/// </summary>
internal sealed class PackageTree(string scope)
{
    public const int Size = 200;

    /// <summary>The package that needs all others.</summary>
    public string Root => Name(0);

    /// <summary>The versions of each package, in the order in which they are published.</summary>
    public IEnumerable<IReadOnlyList<TreeVersion>> Packages => Enumerable.Range(0, Size).Select(
        number => (IReadOnlyList<TreeVersion>)[.. Versions(number).Select(
            version => new TreeVersion(Name(number), version, NeedsOf(number).ToDictionary(Name, other => Range(number, other))))]);

    /// <summary>What an installation of the root needs: the newest versions that the ranges allow, as NAME@VERSION, in order.</summary>
    public IReadOnlyList<string> Installed()
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        Find(0, "1.0.0");
        return [.. found];

        void Find(int number, string version)
        {
            if (found.Add($"{Name(number)}@{version}"))
            {
                foreach (var other in NeedsOf(number))
                {
                    Find(other, !HasTwo(other) ? "1.0.0" : Range(number, other) == "^1.0.0" ? "1.1.0" : "2.0.0");
                }
            }
        }
    }

    private static IEnumerable<int> NeedsOf(int number) =>
        new[] { (2 * number) + 1, (2 * number) + 2, number + 7, number % 10 == 0 ? number + 10 : Size }
            .Where(other => other < Size).Distinct();

    private static string[] Versions(int number) => HasTwo(number) ? ["1.0.0", "1.1.0", "2.0.0"] : ["1.0.0"];

    private static string Range(int number, int other) => !HasTwo(other) ? "~1.0.0" : number % 2 == 0 ? "^1.0.0" : "^2.0.0";

    private static bool HasTwo(int number) => number % 4 == 3;

    private string Name(int number) => $"@{scope}/p{number:000}";
}
