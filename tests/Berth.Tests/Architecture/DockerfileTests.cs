using Berth.Server.Codespaces;

namespace Berth.Tests.Architecture;

/// <summary>The server's image contains the programs that codespaces need on their host.</summary>
public sealed class DockerfileTests
{
    /// <summary>Packages that Debian marks as essential, so every image of Debian has them.</summary>
    private static readonly string[] Essential = ["coreutils", "libc-bin", "util-linux"];

    [Fact]
    public void It_installs_every_package_that_codespaces_look_for()
    {
        var words = File.ReadAllText(Path.Combine(SourceMap.Repository, "Dockerfile")).Split([' ', '\n', '\\'])
            .ToHashSet(StringComparer.Ordinal);
        Assert.Subset(words, CodespaceTools.Packages.Except(Essential).ToHashSet(StringComparer.Ordinal));
    }
}
