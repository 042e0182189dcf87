namespace Berth.SystemTests.Fixtures.Tools;

/// <summary>The busybox image that script/images makes without a registry. It is made once for all tests.</summary>
internal static class BaseImage
{
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);

    /// <summary>The image as an OCI layout with the reference <c>latest</c>.</summary>
    public static async Task<string> LayoutAsync() => Path.Combine(await Made.Value, "busybox");

    /// <summary>The image's file system.</summary>
    public static async Task<string> ArchiveAsync() => Path.Combine(await Made.Value, "busybox.tar.gz");

    private static async Task<string> MakeAsync()
    {
        Requirement.Program("dpkg-deb");
        await new Command(Path.Combine(TestSettings.Root, "script", "images")).RunAsync("busybox");
        return Path.Combine(TestSettings.Root, ".cache", "images");
    }
}
