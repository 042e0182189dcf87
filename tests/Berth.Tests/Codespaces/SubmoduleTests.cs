using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Repositories.Cloning;

namespace Berth.Tests.Codespaces;

/// <summary>What a repository says about its submodules, and what of it git is given.</summary>
public sealed class SubmoduleTests
{
    private const string App = "https://git.example.test:8443/acme/app.git";

    [Fact]
    public void A_listing_is_read_with_names_of_every_kind()
    {
        var read = Submodule.Read(
            "submodule.a b.c/d.path\nlibs/x y\0submodule.a b.c/d.url\n../x.git\0submodule.half.path\nhalf\0core.worktree\n/etc\0"
                + "submodule.bool.url\0submodule.last.url\nhttps://h/l\0submodule.last.path\nl\0submodule.last.update\n!id\0");
        Assert.Equal([new Submodule("a b.c/d", "libs/x y", "../x.git"), new Submodule("last", "l", "https://h/l")], read);
        Assert.All(read, one => Assert.Null(one.Fault));
    }

    [Theory]
    [InlineData("../../x", "a")]
    [InlineData("-x", "a")]
    [InlineData("a\tb", "a")]
    [InlineData("a", "/etc")]
    [InlineData("a", "../a")]
    [InlineData("a", "b/../../c")]
    [InlineData("a", ".git/hooks")]
    [InlineData("a", "b/.GIT")]
    [InlineData("a", ".gitmodules")]
    [InlineData("a", "-b")]
    [InlineData("a", ":(top)b")]
    [InlineData("a", "*")]
    [InlineData("a", "b//c")]
    [InlineData("a", "")]
    public void A_name_or_path_that_leads_elsewhere_is_refused(string name, string path) =>
        Assert.NotNull(new Submodule(name, path, "https://h/l").Fault);

    [Theory]
    [InlineData("../lib.git", "https://git.example.test:8443/acme/lib.git")]
    [InlineData("./sub", "https://git.example.test:8443/acme/app.git/sub")]
    [InlineData("../../other/lib/", "https://git.example.test:8443/other/lib")]
    [InlineData("https://elsewhere.test/a/b.git", "https://elsewhere.test/a/b.git")]
    [InlineData("git@git.example.test:acme/lib.git", "https://git.example.test:8443/acme/lib.git")]
    [InlineData("ssh://git@GIT.example.test:2222/acme/lib.git", "https://git.example.test:8443/acme/lib.git")]
    public void A_URL_begins_at_the_repository_that_names_it(string url, string resolved) =>
        Assert.Equal((resolved, null), SubmoduleUrl.Resolve(url, App));

    [Theory]
    [InlineData("../../../x", "leads out of")]
    [InlineData("../../../../x", "leads out of")]
    [InlineData("/srv/git/lib.git", "not reached over http")]
    [InlineData("file:///etc", "not reached over http")]
    [InlineData("ext::sh -c id", "must be")]
    [InlineData("-uid", "must be")]
    [InlineData("https://ada:hunter2@git.example.test/x", "user name or a password")]
    [InlineData("git@elsewhere.test:acme/lib.git", "not reached over http")]
    [InlineData("ssh://elsewhere.test/acme/lib.git", "not reached over http")]
    [InlineData("git://git.example.test/x", "not reached over http")]
    [InlineData("lib", "must be")]
    public void A_URL_that_leads_anywhere_else_is_refused(string url, string reason)
    {
        var (resolved, fault) = SubmoduleUrl.Resolve(url, App);
        Assert.Null(resolved);
        Assert.Contains(reason, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_relative_to_a_folder_of_the_machine()
    {
        Assert.NotNull(SubmoduleUrl.Resolve("../lib", "file:///srv/git/app").Fault);
        Assert.NotNull(SubmoduleUrl.Resolve("../lib", "/srv/git/app").Fault);
    }

    [Theory]
    [InlineData("https://git.example.test:8443/acme/lib", true)]
    [InlineData("https://GIT.example.test:8443/acme/lib.git", true)]
    [InlineData("https://git.example.test:8443/acme/team/lib", false)]
    [InlineData("https://git.example.test:8443/other/lib", false)]
    [InlineData("https://git.example.test:8443/acme/../other/lib", false)]
    [InlineData("https://git.example.test:8443/acme/..%2fother%2flib", false)]
    [InlineData("https://git.example.test:8443/acme/%2E%2e/lib", false)]
    [InlineData("https://git.example.test/acme/lib", false)]
    [InlineData("http://git.example.test:8443/acme/lib", false)]
    [InlineData("https://evil.test:8443/acme/lib", false)]
    [InlineData("https://git.example.test:8443/", false)]
    public void A_credential_counts_for_repositories_of_the_same_server_and_owner(string url, bool counts) =>
        Assert.Equal(counts, CloneOrigin.IsSameOwner(App, url));

    [Theory]
    [InlineData("""{"image":"x","customizations":{"berth":{"submodules":true}}}""", true)]
    [InlineData("""{"image":"x","customizations":{"berth":{"submodules":false}}}""", false)]
    [InlineData("""{"image":"x","customizations":{"berth":{"submodules":"true"}}}""", null)]
    [InlineData("""{"image":"x","customizations":{"berth":[true]}}""", null)]
    [InlineData("""{"image":"x"}""", null)]
    [InlineData("""{"image":""", null)]
    public void A_configuration_says_whether_they_are_wanted(string configuration, bool? wanted)
    {
        var folder = Directory.CreateTempSubdirectory("berth-submodules-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, ".devcontainer.json"), configuration);
            Assert.Equal(wanted, SubmoduleWish.Of(folder.FullName, null, TestContext.Current.CancellationToken));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
