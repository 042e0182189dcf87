using System.Runtime.CompilerServices;

namespace Berth.Tests.Api;

/// <summary>
/// <c>routes.txt</c> beside this file lists every route of the server, and how it answers each of <see cref="RouteWorld.Columns"/>.
/// <c>in</c> means let in, whatever then happens to an empty body. A 404 in the owner's column means that the thing in the path does not
/// exist. After adding a route, run <see cref="RouteTableTests"/> with <c>BERTH_WRITE_GOLDEN=1</c> and read the difference word by word.
/// </summary>
internal static class RouteTable
{
    private const int Width = 96;

    public static IReadOnlyList<(string Route, string Answers)> Rows { get; } =
    [
        .. File.ReadLines(Place()).Where(line => line.Contains('|', StringComparison.Ordinal) && !line.StartsWith('#'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(parts => (parts[0], string.Join(' ', parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)))),
    ];

    public static Task WriteAsync(IEnumerable<(string Route, IReadOnlyList<string> Answers)> rows, CancellationToken cancellationToken)
    {
        var lines = rows.OrderBy(row => row.Route.Split(' ')[1], StringComparer.Ordinal).ThenBy(row => row.Route, StringComparer.Ordinal)
            .Select(row => Line(row.Route, row.Answers));
        return File.WriteAllLinesAsync(Place(), [Line("#", RouteWorld.Columns), .. lines], cancellationToken);
    }

    private static string Line(string route, IReadOnlyList<string> words)
    {
        var answers = words.Select((word, column) => word.PadRight(RouteWorld.Columns[column].Length));
        return $"{route.PadRight(Width)} | {string.Join(' ', answers)}".TrimEnd();
    }

    private static string Place([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "routes.txt");
}
