using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>A layer with this machine's node and npm, on top of busybox.</summary>
internal static class NodeLayer
{
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);
    private static readonly TemporaryFolder Folder = new();

    /// <summary>
    /// The command that runs npm. The first line of npm's own program needs <c>env</c> at a place where the image has none.
    /// </summary>
    public const string Npm = "node /opt/npm/bin/npm-cli.js";

    /// <summary>The layer as a tar archive. It is made once for all tests.</summary>
    public static Task<string> CreateAsync() => Made.Value;

    private static async Task<string> MakeAsync()
    {
        Requirement.Program("npm");
        var program = (await new Command("sh", "-c").RunAsync("readlink -f \"$(command -v npm)\"")).Line;
        var npm = Path.GetDirectoryName(Path.GetDirectoryName(program))!;

        // Debian's package keeps each module in a place of its own.
        Requirement.That(Directory.Exists(Path.Combine(npm, "node_modules")), "npm is not in one folder");
        var archive = await ProgramsLayer.CreateAsync(Folder, ["node"]);
        await new Command("tar").RunAsync(
            "--append", "--owner=0", "--group=0", "--mode=a+rX", "--file=" + archive, "--directory=" + npm,
            "--transform=s,^[.],opt/npm,", ".");
        return archive;
    }
}
