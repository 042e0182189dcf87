using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>
/// A layer with this machine's skopeo and the libraries that it needs, on top of busybox. Skopeo is a client for images that needs no
/// daemon.
/// </summary>
internal static class SkopeoLayer
{
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);
    private static readonly TemporaryFolder Folder = new();

    /// <summary>The layer as a tar archive. It is made once for all tests.</summary>
    public static Task<string> CreateAsync() => Made.Value;

    private static async Task<string> MakeAsync()
    {
        var policy = await File.ReadAllTextAsync("/etc/containers/policy.json", TestContext.Current.CancellationToken);
        return await ProgramsLayer.CreateAsync(Folder, ["skopeo"], ("etc/containers/policy.json", policy));
    }
}
