using System.Formats.Tar;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Builds;

/// <summary>The files that COPY selects with --exclude and --parents.</summary>
public sealed class SelectedFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-selected-").FullName;

    public SelectedFilesTests()
    {
        foreach (var path in new[] { "a.txt", "a.md", "src/a.txt", "src/a.md", "src/sub/b.md", "src/sub/c.txt", "docs/d.md", "!x" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, path))!);
            File.WriteAllText(Path.Combine(_folder, path), path);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("src", "*.md", "src", "src/ src/a.txt src/sub/ src/sub/b.md src/sub/c.txt")]
    [InlineData("src", "**/*.md", "src", "src/ src/a.txt src/sub/ src/sub/c.txt")]
    [InlineData("src", "sub", "src", "src/ src/a.md src/a.txt")]
    [InlineData(".", "src docs", "all", "all/!x all/a.md all/a.txt")]
    [InlineData("/src/", "**/*.txt", "src", "src/ src/a.md src/sub/ src/sub/b.md")]
    [InlineData("a.md", "*.txt", "a.md", "a.md")]
    [InlineData("a.* src", "*.md", null, "a.txt sub/ sub/b.md sub/c.txt a.txt")]
    [InlineData("a* docs", "a.txt", null, "a.md d.md")]
    [InlineData("*.none !x", "y", null, "!x")]
    [InlineData("a.md", "*.md", "a.md", "")]
    public async Task Files_are_chosen_by_what_a_source_names_and_what_is_left_out(
        string sources, string excludes, string? name, string expected) =>
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            (await PackAsync(sources, excludes, parents: false, name)).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("src/a.txt docs", "", "docs/ docs/d.md src/a.txt")]
    [InlineData("**/*.md", "", "a.md docs/d.md src/a.md src/sub/b.md")]
    [InlineData("src/./sub", "", "sub/ sub/b.md sub/c.txt")]
    [InlineData("src", "src/sub **/a.md", "src/ src/a.txt")]
    public async Task Parents_keep_the_folders_that_a_source_names(string sources, string excludes, string expected) =>
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            (await PackAsync(sources, excludes, parents: true, null)).Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_source_that_is_not_there_is_named_and_what_is_ignored_is_not_there()
    {
        Assert.Contains(
            "Dockerfile line 7: gone is not in the context",
            (await Assert.ThrowsAsync<FaultException>(() => PackAsync("src gone", "", false, null))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "docs is not in the context",
            (await Assert.ThrowsAsync<FaultException>(() => PackAsync("docs", "", false, "docs", ignored: "docs"))).Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("src/sub/", await PackAsync("src", "", false, "src", ignored: "src/sub"));
    }

    private async Task<IReadOnlyList<string>> PackAsync(
        string sources, string excludes, bool parents, string? name, string ignored = "")
    {
        var selection = new ContextSelection(
            ".berth-copy/0/", sources.Split(' '), excludes.Split(' ', StringSplitOptions.RemoveEmptyEntries), parents, name,
            new TextPlace("Dockerfile", 7));
        using var stream = new MemoryStream();
        await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            await SelectedFiles.WriteAsync(
                tar, _folder, IgnorePatterns.Parse(ignored, ""), selection, new SelectedFiles.Sent(),
                TestContext.Current.CancellationToken);
        }

        stream.Position = 0;
        List<string> names = [];
        using var reader = new TarReader(stream);
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name[".berth-copy/0/".Length..]);
        }

        return [.. names.Where(entry => entry.Length > 0)];
    }
}
