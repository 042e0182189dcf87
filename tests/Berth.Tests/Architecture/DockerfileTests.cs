using Berth.Server.Codespaces;

namespace Berth.Tests.Architecture;

/// <summary>The image of the server has what codespaces look for on their host.</summary>
public sealed class DockerfileTests
{
    /// <summary>Debian marks them as essential: no image of it is without them.</summary>
    private static readonly string[] Essential = ["coreutils", "libc-bin", "util-linux"];

    [Fact]
    public void It_installs_every_package_that_codespaces_look_for()
    {
        var words = File.ReadAllText(Path.Combine(SourceMap.Repository, "Dockerfile")).Split([' ', '\n', '\\'])
            .ToHashSet(StringComparer.Ordinal);
        Assert.Subset(words, CodespaceTools.Packages.Except(Essential).ToHashSet(StringComparer.Ordinal));
    }
}
