using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>An image with docker's program, as docker's features install it, and what docker inside needs on this machine.</summary>
internal static class DockerClient
{
    public static void Require()
    {
        foreach (var program in new[] { "dockerd", "rootlesskit", "slirp4netns", "newuidmap" })
        {
            Requirement.Program(program);
        }
    }

    /// <summary>Makes an image with this machine's client and its libraries, on top of busybox. Returns the image's reference.</summary>
    /// <param name="compose">Adds this machine's docker-compose, which is a Python program.</param>
    public static async Task<string> ImageAsync(CodespaceWorld world, string name, bool compose = false)
    {
        using var folder = new TemporaryFolder();
        var root = folder.Create("root");
        const string Copy = """
            put() { mkdir -p "$1${2%/*}"; cp -L "$2" "$1$2"; }
            client=$(command -v docker)
            for library in $(ldd "$client" 2>/dev/null | grep -o '/[^ ]*'); do put "$1" "$library"; done
            mkdir -p "$1/usr/local/bin"
            cp -L "$client" "$1/usr/local/bin/docker"
            [ -n "$2" ] || exit 0
            python=$(readlink -f /usr/bin/python3)
            library=/usr/lib/${python##*/}
            put "$1" /usr/bin/docker-compose
            cp -L "$python" "$1/usr/bin/python3"
            mkdir -p "$1/usr/lib/python3"
            cp -a "$library" "$1/usr/lib/"
            cp -a /usr/lib/python3/dist-packages "$1/usr/lib/python3/"
            find "$1/usr/lib" -name __pycache__ -prune -exec rm -rf {} +
            modules=$(find "$library" /usr/lib/python3/dist-packages -name '*.so')
            for needed in $(ldd "$python" $modules 2>/dev/null | grep -o '[[:space:]]/[^ ]*' | sort -u); do
              put "$1" "$needed"
            done
            """;
        await new Command("sh", "-c", Copy, "sh").RunAsync(root, compose ? "compose" : "");
        await new Command("tar", "-C", root, "-cf", folder["layer.tar"], ".").RunAsync();
        return await world.ImageAsync(name, folder["layer.tar"]);
    }
}
