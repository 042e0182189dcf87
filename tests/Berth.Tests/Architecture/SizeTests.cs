using System.Reflection;
using Berth.Server.Codespaces;

namespace Berth.Tests.Architecture;

/// <summary>Files are short enough to be read in one go, and classes need no more of others than one can keep in mind.</summary>
public sealed class SizeTests
{
    private const int Most = 400;
    private const int Usual = 200;
    private const int MostParameters = 8;
    private const int Widest = 140;

    [Fact]
    public void No_file_is_longer_than_one_can_read_and_nine_of_ten_are_half_of_that()
    {
        var lengths = Files("src", "tests", "bench")
            .Select(file => (File: file, Lines: File.ReadLines(Path.Combine(SourceMap.Repository, file)).Count()))
            .OrderBy(file => file.Lines)
            .ToList();
        Assert.Empty(lengths.Where(file => file.Lines > Most).Select(file => $"{file.File} has {file.Lines} lines"));
        var source = lengths.Where(file => file.File.StartsWith("src", StringComparison.Ordinal)).ToList();
        Assert.True(
            source[source.Count * 9 / 10].Lines <= Usual, $"nine of ten files have up to {source[source.Count * 9 / 10].Lines} lines");
    }

    /// <summary>A raw string literal keeps the lines of the text that it quotes.</summary>
    [Fact]
    public void No_line_is_wider_than_one_can_read()
    {
        var wide = new List<string>();
        foreach (var file in Files("src", "tests", "bench"))
        {
            var (quoted, number) = (false, 0);
            foreach (var line in File.ReadLines(Path.Combine(SourceMap.Repository, file)))
            {
                number++;
                var marks = line.Split("\"\"\"").Length - 1;
                if (line.Length > Widest && !quoted && marks == 0)
                {
                    wide.Add($"{file}:{number} has {line.Length} characters");
                }

                quoted ^= marks % 2 == 1;
            }
        }

        Assert.Empty(wide);
    }

    [Fact]
    public void No_class_is_made_of_more_than_eight_things()
    {
        var faults =
            new[] { typeof(Reconciler).Assembly, typeof(Berth.Client.BerthClient).Assembly, typeof(Berth.Cli.BerthCommand).Assembly }
                .SelectMany(assembly => assembly.GetTypes())
                .Where(
                    type => type is { IsClass: true }
                        && type.GetMethod("<Clone>$") is null
                        && !type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute)))
                .SelectMany(type => type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
                .Where(constructor => constructor.GetParameters().Length > MostParameters)
                .Select(constructor => $"{constructor.DeclaringType!.Name} has {constructor.GetParameters().Length}");
        Assert.Empty(faults);
    }

    private static IEnumerable<string> Files(params IEnumerable<string> folders) =>
        folders.SelectMany(
            folder => Directory.EnumerateFiles(Path.Combine(SourceMap.Repository, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Contains("obj"))
            .Select(file => Path.GetRelativePath(SourceMap.Repository, file));
}
