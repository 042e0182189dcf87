using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// A layer with this machine's skopeo and the libraries that it needs: a daemonless client for images, on top of busybox.
/// </summary>
internal static class SkopeoLayer
{
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);
    private static readonly TemporaryFolder Folder = new();

    /// <summary>The layer as a tar archive; made once for all tests.</summary>
    public static Task<string> CreateAsync() => Made.Value;

    private static async Task<string> MakeAsync()
    {
        Requirement.Program("skopeo");
        var program = (await new Command("sh", "-c").RunAsync("command -v skopeo")).Line;
        var libraries = (await new Command("ldd").RunAsync(program)).Text.Split('\n')
            .Select(line => line.Split("=>")[^1].Trim().Split(' ')[0]).Where(path => path.StartsWith('/'));
        var archive = Folder["skopeo.tar"];
        string[] files = [program, "/etc/containers/policy.json", .. libraries];
        await new Command("tar").RunAsync(
            [
                "--create", "--dereference", "--owner=0", "--group=0", "--file=" + archive, "--directory=/",
                .. files.Distinct().Select(file => file[1..]),
            ]);
        return archive;
    }
}
