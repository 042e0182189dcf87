using System.Diagnostics.CodeAnalysis;

namespace Berth.Bench;

/// <summary>What to run, and where the programs are.</summary>
internal sealed record BenchOptions(string Root, string? Row, int Rounds)
{
    /// <summary>The folder with the socket of a PostgreSQL cluster. Null when none was started.</summary>
    public string? Postgres { get; init; }

    /// <summary>The path of Verdaccio's program. Null when it is not installed.</summary>
    public string? Verdaccio { get; init; }

    public const string Help = """
        Measures Berth beside Debian's docker-registry and Verdaccio on this machine, interleaved, and prints a table of ratios.

          --row NAME     one row: manifests, tags, heads, download-1, download-8, upload, upload-disk, first-pull, images,
                         memory, memory-bounds, start, cold, manifests-postgres, heads-postgres, packuments, packument-2000,
                         packument-2000-whole, publish, npm-ci, publish-memory, resolve, codespace
          --rounds N     rounds of each row; the medians are compared (default 5)
          --postgres DIR the folder of the socket of a PostgreSQL cluster, for the rows that need one
          --verdaccio FILE  Verdaccio's program, for the rows of npm
        """;

    public string Work => Path.Combine(Root, "bench", "work");

    public string ServerDll => Path.Combine(Root, "artifacts", "run", "Berth.Server", "Berth.Server.dll");

    public static bool TryParse(string[] args, [NotNullWhen(true)] out BenchOptions? options, [NotNullWhen(false)] out string? fault)
    {
        options = new BenchOptions(Directory.GetCurrentDirectory(), null, 5);
        fault = null;
        for (var i = 0; i < args.Length; i += 2)
        {
            switch (args[i], i + 1 < args.Length ? args[i + 1] : null)
            {
                case ("--root", { } root):
                    options = options with { Root = Path.GetFullPath(root) };
                    break;
                case ("--row", { } row) when AllRows.Chosen(row).Count > 0:
                    options = options with { Row = row };
                    break;
                case ("--postgres", { } folder):
                    options = options with { Postgres = folder };
                    break;
                case ("--verdaccio", { } program):
                    options = options with { Verdaccio = program };
                    break;
                case ("--rounds", { } text) when int.TryParse(text, out var rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    break;
                default:
                    fault = $"cannot make sense of {args[i]} {(i + 1 < args.Length ? args[i + 1] : "")}\n{Help}";
                    return false;
            }
        }

        return true;
    }
}
