using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>An image with docker's program, as its features install it; and what docker inside needs on this machine.</summary>
internal static class DockerClient
{
    public static void Require()
    {
        foreach (var program in new[] { "dockerd", "rootlesskit", "slirp4netns", "newuidmap" })
        {
            Requirement.Program(program);
        }
    }

    /// <summary>This machine's client with its libraries, on top of busybox; returns the image's reference.</summary>
    public static async Task<string> ImageAsync(CodespaceWorld world, string name)
    {
        using var folder = new TemporaryFolder();
        var root = folder.Create("root");
        const string Copy = """
            put() { mkdir -p "$1${2%/*}"; cp -L "$2" "$1$2"; }
            client=$(command -v docker)
            for library in $(ldd "$client" 2>/dev/null | grep -o '/[^ ]*'); do put "$1" "$library"; done
            mkdir -p "$1/usr/local/bin"
            cp -L "$client" "$1/usr/local/bin/docker"
            """;
        await new Command("sh", "-c", Copy, "sh").RunAsync(root);
        await new Command("tar", "-C", root, "-cf", folder["layer.tar"], ".").RunAsync();
        return await world.ImageAsync(name, folder["layer.tar"]);
    }
}
