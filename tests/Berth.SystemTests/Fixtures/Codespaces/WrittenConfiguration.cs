namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// A file of <c>Configurations</c>, which describes a repository. It begins with what the repository is like. The repository's files
/// follow, each after a line <c>-- PATH --</c>. A path that ends with <c>!</c> is executable, and <c>IMAGE</c> stands for the base image.
/// Three names are not files of the repository: <c>facts.sh</c> asks for more than is asked of every configuration, <c>differences</c> says
/// which facts differ and why, and <c>expected</c> has the facts where the reference cannot be asked.
/// </summary>
internal sealed record WrittenConfiguration(
    (string Path, string Content)[] Files, string Script, IReadOnlyDictionary<string, string> Differences, Facts? Expected)
{
    private static readonly string[] Own = ["facts.sh", "differences", "expected"];

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Configurations");

    public static WrittenConfiguration Read(string name, string image)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        var path = "";
        foreach (var line in File.ReadLines(Path.Combine(Folder, name + ".txt")))
        {
            if (line.StartsWith("-- ", StringComparison.Ordinal) && line.EndsWith(" --", StringComparison.Ordinal))
            {
                path = line[3..^3];
                files[path] = "";
            }
            else if (path.Length > 0)
            {
                files[path] += line.Replace("IMAGE", image, StringComparison.Ordinal) + "\n";
            }
        }

        return new WrittenConfiguration(
            [.. files.Where(file => !Own.Contains(file.Key)).Select(file => (file.Key, file.Value))],
            Facts.Script + files.GetValueOrDefault("facts.sh"),
            files.GetValueOrDefault("differences", "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal),
            files.TryGetValue("expected", out var expected) ? Facts.Parse(expected) : null);
    }
}
