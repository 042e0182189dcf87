using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>A layer with programs of this machine and the libraries that they need, on top of busybox.</summary>
internal static class ProgramsLayer
{
    /// <returns>The layer as a tar archive.</returns>
    public static async Task<string> CreateAsync(
        TemporaryFolder folder, IReadOnlyList<string> programs, params (string Path, string Content)[] files)
    {
        List<string> paths = [];
        foreach (var name in programs)
        {
            Requirement.Program(name);
            var program = (await new Command("sh", "-c").RunAsync("command -v " + name)).Line;
            var libraries = (await new Command("ldd").RunAsync(program)).Text.Split('\n')
                .Select(line => line.Split("=>")[^1].Trim().Split(' ')[0]).Where(path => path.StartsWith('/'));
            paths.AddRange([program, .. libraries]);
        }

        var archive = folder["programs.tar"];
        await new Command("tar").RunAsync(
            [
                "--create", "--dereference", "--owner=0", "--group=0", "--file=" + archive, "--directory=/",
                .. paths.Distinct().Select(file => file[1..]),
            ]);
        var own = folder.Create("own-files");
        foreach (var (path, content) in files)
        {
            var file = Path.Combine(own, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
            await new Command("tar").RunAsync(
                "--append", "--owner=0", "--group=0", "--mode=a+rX", "--file=" + archive, "--directory=" + own, path);
        }

        return archive;
    }
}
