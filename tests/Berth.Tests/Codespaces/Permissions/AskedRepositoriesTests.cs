using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Permissions;

namespace Berth.Tests.Codespaces.Permissions;

public sealed class AskedRepositoriesTests
{
    [Theory]
    [InlineData("""{"acme/lib":{"permissions":{"packages":"read"}}}""", "acme/lib", "")]
    [InlineData(
        """{"acme/lib":{"permissions":{"packages":"read","contents":"write"}},"acme/web":{"permissions":"read-all"}}""",
        "acme/lib+write acme/web+read", "")]
    [InlineData("""{"acme/*":{"permissions":"read-all"}}""", "acme/*+read", "")]
    [InlineData(
        """{"acme/lib":{"permissions":{"packages":"write"}}}""", "acme/lib",
        "acme/lib asks to write packages; a codespace's token only reads them")]
    [InlineData(
        """{"acme/lib":{"permissions":"write-all"}}""", "acme/lib+write",
        "acme/lib asks to write packages; a codespace's token only reads them")]
    [InlineData("""{"acme/lib":{"permissions":{"contents":"write"}}}""", "acme/lib-packages+write", "")]
    [InlineData("""{"acme/lib":{"permissions":{"contents":"read","issues":"write"}}}""", "acme/lib-packages+read", "")]
    [InlineData(
        """{"acme/lib":{"permissions":{"contents":"admin"}}}""", "", "acme/lib asks for nothing that a codespace can be given here")]
    [InlineData(
        """{"acme/lib":{"permissions":{"packages":"admin"}}}""", "", "acme/lib asks for nothing that a codespace can be given here")]
    [InlineData("""{"acme/lib":{"permissions":7}}""", "", "acme/lib asks for nothing")]
    [InlineData("""{"acme/lib":"packages"}""", "", "acme/lib asks for nothing")]
    [InlineData("""{"lib":{"permissions":{"packages":"read"}}}""", "", "'lib' is not owner/name")]
    [InlineData("""{"*/lib":{"permissions":{"packages":"read"}}}""", "", "'*/lib' is not owner/name")]
    [InlineData("""{"acme/lib/x":{"permissions":{"packages":"read"}}}""", "", "'acme/lib/x' is not owner/name")]
    [InlineData("""{"acme/l b":{"permissions":{"packages":"read"}}}""", "", "'acme/l b' is not owner/name")]
    [InlineData("""["acme/lib"]""", "", "")]
    [InlineData("null", "", "")]
    public void A_configuration_asks_for_packages_of_repositories(string repositories, string names, string remark)
    {
        var asked = Of(repositories);
        Assert.Equal(names, string.Join(' ', asked.Asked.Select(Shown)));
        Assert.Contains(remark, string.Join('\n', asked.Remarks), StringComparison.Ordinal);
        Assert.Equal(remark.Length == 0, asked.Remarks.Count == 0);
    }

    [Theory]
    [InlineData("""{"image":"x"}""")]
    [InlineData("""{"customizations":7}""")]
    [InlineData("""{"customizations":{"codespaces":["repositories"]}}""")]
    [InlineData("""{"customizations":{"vscode":{"repositories":{"acme/lib":{"permissions":{"packages":"read"}}}}}}""")]
    public void What_asks_for_nothing_gets_nothing(string configuration) => Assert.Empty(Read(configuration).Asked);

    [Fact]
    public void No_more_than_a_hundred_can_be_asked_for()
    {
        var entries = string.Join(
            ',', Enumerable.Range(0, 102).Select(number => $"\"acme/r{number}\":" + """{"permissions":{"packages":"read"}}"""));
        var asked = Of("{" + entries + "}");
        Assert.Equal((100, 2), (asked.Asked.Count, asked.Remarks.Count));
    }

    private static string Shown(AskedRepository asked) =>
        asked.Name + (asked.Packages ? "" : "-packages") + (asked.Contents is null ? "" : "+" + asked.Contents);

    private static AskedRepositories Of(string repositories) =>
        Read("""{"image":"x","customizations":{"codespaces":{"repositories":""" + repositories + "}}}");

    private static AskedRepositories Read(string configuration)
    {
        var folder = Directory.CreateTempSubdirectory("berth-asked-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, ".devcontainer.json"), configuration);
            return AskedRepositories.Read(DevcontainerFile.Read(Budgets.Checkout(folder.FullName), null));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
