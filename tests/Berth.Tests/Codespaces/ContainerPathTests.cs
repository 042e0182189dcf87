using Berth.Server.Codespaces;

namespace Berth.Tests.Codespaces;

public sealed class ContainerPathTests
{
    [Theory]
    [InlineData("/", "/", "/", ".")]
    [InlineData("/a", "/a", "/", "a")]
    [InlineData("//a/./b//", "/a/b", "/a", "b")]
    [InlineData("/a/../b", "/b", "/", "b")]
    [InlineData("/../../b", "/b", "/", "b")]
    [InlineData("/a/b/..", "/a", "/", "a")]
    [InlineData("b c", "/work/b c", "/work", "b c")]
    [InlineData(".", "/work", "/", "work")]
    [InlineData("../x", "/x", "/", "x")]
    [InlineData("/...", "/...", "/", "...")]
    public void A_path_has_one_spelling(string text, string path, string folder, string name)
    {
        Assert.True(ContainerPath.TryParse("/work", out var from));
        Assert.True(ContainerPath.TryParse(text, from, out var parsed));
        Assert.Equal((path, folder, name), (parsed.Text, parsed.Folder, parsed.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("/a\nb")]
    [InlineData("/a\0")]
    public void What_is_no_path_is_none(string? text) => Assert.False(ContainerPath.TryParse(text, out _));

    [Theory]
    [InlineData("/proc", true)]
    [InlineData("/./proc/self/fd/8", true)]
    [InlineData("//sys", true)]
    [InlineData("/x/../dev/", true)]
    [InlineData("/../proc", true)]
    [InlineData("/process", false)]
    [InlineData("/a/proc", false)]
    [InlineData("/", false)]
    public void The_kernels_folders_are_known_in_every_spelling(string text, bool kernels)
    {
        Assert.True(ContainerPath.TryParse(text, out var path));
        Assert.Equal(kernels, path.IsKernels);
    }
}
