using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;

namespace Berth.Tests.Codespaces.Dockerfiles;

/// <summary>What COPY and ADD mean beyond what the engine's builder can be told. It becomes files of the context.</summary>
public sealed class CopiedFilesTests
{
    private static readonly string Checksum = "sha256:" + new string('a', 64);

    [Theory]
    [InlineData("ADD https://x.test/d/tool.tgz /opt/", "COPY [\".berth-add/0/tool.tgz\",\"/opt/\"]", "https://x.test/d/tool.tgz")]
    [InlineData("ADD https://x.test/d/tool /usr/bin/t", "COPY [\".berth-add/0/file\",\"/usr/bin/t\"]", "https://x.test/d/tool")]
    [InlineData("ADD [\"ht\\u0074p://x.test/a b\", \"/x y\"]", "COPY [\".berth-add/0/file\",\"/x y\"]", "http://x.test/a%20b")]
    [InlineData("ADD --unpack=true https://x.test/a.tar /x/", "ADD [\".berth-add/0/a.tar\",\"/x/\"]", "https://x.test/a.tar")]
    [InlineData("ARG V=1.2\nENV B=x.test\nADD https://$B/t-${V} /t", "COPY [\".berth-add/0/file\",\"/t\"]", "https://x.test/t-1.2")]
    [InlineData("ADD h\"tt\"p:/\"\"/127.0.0.1/ /x", "COPY [\".berth-add/0/file\",\"/x\"]", "http://127.0.0.1/")]
    [InlineData("ARG U=http\nADD [\"${U}://127.0.0.1/\", \"/x\"]", "COPY [\".berth-add/0/file\",\"/x\"]", "http://127.0.0.1/")]
    [InlineData("ADD http:\\/\\/127.0.0.1 /x", "COPY [\".berth-add/0/file\",\"/x\"]", "http://127.0.0.1/")]
    [InlineData("ADD --chown=1:2 https://x.test/a /x", "COPY --chown=1:2 [\".berth-add/0/file\",\"/x\"]", "https://x.test/a")]
    public void What_ADD_names_by_URL_is_fetched_by_Berth_and_never_by_the_engine(string text, string line, string url)
    {
        var plan = Plan("FROM r.test/a\n" + text);
        Assert.Equal(url, Assert.Single(plan.Remotes).Url.AbsoluteUri);
        var written = Written(plan);
        Assert.Contains("\n" + line + "\n", written, StringComparison.Ordinal);
        Assert.DoesNotContain("ADD http", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://x.test/a/b.git", "https://x.test/a/b.git", null, null)]
    [InlineData("https://x.test/a/b.git#v1.2", "https://x.test/a/b.git", "v1.2", null)]
    [InlineData("http://x.test/b.git#feature/x:docs/en/", "http://x.test/b.git", "feature/x", "docs/en")]
    [InlineData("https://x.test/b.git#:docs", "https://x.test/b.git", null, "docs")]
    [InlineData("https://x.test/b.git#", "https://x.test/b.git", null, null)]
    public void A_repository_that_ADD_names_is_cloned_by_Berth(string source, string url, string? reference, string? folder)
    {
        var plan = Plan($"FROM r.test/a\nARG S={source}\nADD --checksum=0123456 --keep-git-dir --exclude=*.md [\"$S\", \"/x\"]");
        var repository = Assert.Single(plan.Repositories);
        Assert.Equal(new GitAddress(new Uri(url), reference, folder), repository.Address);
        Assert.Equal((".berth-add/0/", "0123456", true), (repository.Path, repository.Commit, repository.KeepsGit));
        Assert.Equal(["*.md"], repository.Excludes);
        Assert.Contains("\nCOPY [\".berth-add/0/\",\"/x\"]\n", Written(plan), StringComparison.Ordinal);
        Assert.False(Assert.Single(Plan("FROM r.test/a\nADD https://x.test/b.git /x").Repositories).KeepsGit);
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("ADD git@x.test:a.git /x", "repositories are cloned over http and https, without a key")]
    [InlineData("ADD ssh://git@x.test/a.git /x", "without a key; name it by https")]
    [InlineData("ADD --keep-git-dir=true git://x.test/a /x", "name it by https, or make it a submodule")]
    [InlineData("ADD https://u:p@x.test/a.git /x", "must not contain a user name or a password")]
    [InlineData("ADD https://x.test/a.git?ref=main /x", "a branch, tag or commit stands behind a #")]
    [InlineData("ADD https://x.test/a.git#--upload-pack=x /x", "is no name of a branch or tag, and no commit")]
    [InlineData("ADD https://x.test/a.git#a~1 /x", "is no name of a branch or tag, and no commit")]
    [InlineData("ADD [\"https://x.test/a.git#main:a/../../b\", \"/x\"]", "is no folder of the repository")]
    [InlineData("ADD [\"https://x.test/a.git#:.git/hooks\", \"/x\"]", "is no folder of the repository")]
    [InlineData("ADD --keep-git-dir=maybe https://x.test/a.git /x", "ADD has no flag --keep-git-dir=maybe")]
    [InlineData("ADD --checksum=0123456789 https://x.test/a /x", "--checksum=0123456789: ")]
    [InlineData("ADD --checksum=0123456789 a /x", "--checksum is for one source, which is a URL")]
    public void A_repository_that_cannot_be_cloned_is_refused_with_its_line(string text, string reason)
    {
        var fault = Assert.ThrowsAny<Exception>(() => Plan("FROM r.test/a\n" + text)).Message;
        Assert.StartsWith("Dockerfile line 2: ", fault, StringComparison.Ordinal);
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("COPY ../a/*.sh /x/", "COPY a/*.sh /x/")]
    [InlineData("COPY ../../a/./b/../ c /x/", "COPY a/ c /x/")]
    [InlineData("COPY [\"../a b\", \"/x\"]", "COPY [\"a b\",\"/x\"]")]
    [InlineData("ADD a/../../b.tar /x/", "ADD b.tar /x/")]
    [InlineData("COPY .. /x/", "COPY . /x/")]
    [InlineData("COPY ..a b.. /x/", "COPY ..a b.. /x/")]
    [InlineData("COPY ../$A /x/", "COPY ../$A /x/")]
    public void A_path_out_of_the_context_begins_at_its_root(string text, string line) =>
        Assert.Contains($"\n{line}\n", Written(Plan($"FROM r.test/a\n{text}\n")), StringComparison.Ordinal);

    [Fact]
    public void Every_repository_is_counted()
    {
        var text = "FROM r.test/a\n" + string.Concat(Enumerable.Range(0, 17).Select(i => $"ADD https://x.test/{i}.git /{i}\n"));
        Assert.Contains(
            "more than 16 git repositories in ADD", Assert.ThrowsAny<Exception>(() => Plan(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ADD_of_several_is_one_copy_for_each_kind()
    {
        var plan = Plan(
            $"FROM r.test/a\nARG S={Checksum}\nADD a.tar b/ https://x.test/c /d/\n"
                + "ADD --checksum=$S --chmod=755 https://x.test/e /f");
        Assert.Equal([null, Checksum], plan.Remotes.Select(remote => remote.Checksum?.Value));
        Assert.Equal(["600", "755"], plan.Remotes.Select(remote => Convert.ToString((int)remote.Mode, 8)));
        Assert.Contains(
            "\nCOPY [\".berth-add/0/c\",\"/d/\"]\nADD a.tar b/ /d/\nCOPY [\".berth-add/1/file\",\"/f\"]\n", Written(plan),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("COPY --exclude=*.md src /app", "COPY [\".berth-copy/0/src\",\"/app\"]")]
    [InlineData("COPY --link --exclude=*.md --exclude=b . /app", "COPY [\".berth-copy/0/all\",\"/app\"]")]
    [InlineData("COPY --exclude=*.md a* b /app/", "COPY [\".berth-copy/0/\",\"/app/\"]")]
    [InlineData("COPY --parents a/b.txt c/ /app", "COPY [\".berth-copy/0/\",\"/app\"]")]
    [InlineData("COPY --parents=false --link=true a /app", "COPY a /app")]
    [InlineData("ENV D=src\nCOPY --chown=1 --exclude=*.md $D /app", "COPY --chown=1 [\".berth-copy/0/src\",\"/app\"]")]
    [InlineData("ADD --exclude=*.md src /app", "ADD [\".berth-copy/0/src\",\"/app\"]")]
    [InlineData("ADD --unpack=false a.tar /app", "COPY a.tar /app")]
    [InlineData("ADD a.tar /app", "ADD a.tar /app")]
    public void What_is_chosen_is_copied_from_a_place_of_its_own(string text, string line) =>
        Assert.Contains("\n" + line + "\n", Written(Plan("FROM r.test/a\n" + text)), StringComparison.Ordinal);

    [Fact]
    public void Files_of_another_stage_keep_their_folders() => Assert.Contains(
        "\nCOPY --from=berth-stage-0 [\"/usr/lib/a.so\",\"/out/usr/lib/a.so\"]\n"
            + "COPY --from=berth-stage-0 [\"/opt/./b/c\",\"/out/b/c\"]\n",
        Written(Plan("FROM r.test/a AS one\nFROM r.test/a\nCOPY --parents --from=one /usr/lib/a.so /opt/./b/c /out/")),
        StringComparison.Ordinal);

    [Fact]
    public void A_copy_of_all_of_the_context_takes_no_file_of_Berths_along()
    {
        Assert.Contains(
            "\nCOPY [\".berth-copy/1/all\",\"/app\"]\n", Written(Plan("FROM r.test/a\nADD https://x.test/a /a\nCOPY . /app")),
            StringComparison.Ordinal);
        Assert.Contains("\nCOPY . /app\n", Written(Plan("FROM r.test/a\nCOPY . /app")), StringComparison.Ordinal);
    }

    /// <summary>Choosing files costs a walk through the context, and fetching costs a request.</summary>
    [Fact]
    public void What_no_stage_needs_is_neither_chosen_nor_fetched()
    {
        var plan = Plan("FROM r.test/a AS one\nADD https://x.test/a /a\nCOPY --exclude=x . /b\nFROM r.test/b");
        Assert.Empty(plan.Remotes);
        Assert.Empty(plan.Selections);
    }

    /// <summary>The variables of the image below are known only if it is a stage of the Dockerfile, which sets them with ENV.</summary>
    [Fact]
    public void Variables_count_as_in_the_engine()
    {
        const string Text = """
            ARG G=global
            FROM r.test/a AS one
            ARG A=arg
            ENV E=env
            FROM one
            ARG G
            ARG E=later
            ADD https://x.test/$G/$E/${A:-none} /x
            """;
        Assert.Contains(
            "source https://x.test/$G/$E/${A:-none} of ADD must be a plain path or a URL",
            Assert.ThrowsAny<Exception>(() => Plan(Text)).Message, StringComparison.Ordinal);
        Assert.Equal(
            "https://x.test/global/env/none",
            Assert.Single(Plan(Text.Replace("r.test/a", "scratch", StringComparison.Ordinal)).Remotes).Url.AbsoluteUri);
    }

    /// <summary>The rules are in docs.docker.com/build/concepts/context, "Named contexts".</summary>
    [Fact]
    public void A_named_context_is_a_stage_an_image_or_a_service()
    {
        var contexts = new Dictionary<string, NamedContext>
        {
            ["conf"] = new NamedContext.Folder("etc/conf"),
            ["base"] = new NamedContext.Image("r.test/b:2"),
            ["r.test/tool"] = new NamedContext.Service("tool"),
            ["unused"] = new NamedContext.Folder("other"),
        };
        const string Text = """
            FROM r.test/a AS base
            FROM conf AS files
            FROM Base AS last
            COPY --from=conf /a /b
            COPY --from=files /c /d
            COPY --from=r.test/tool:latest /t /t
            RUN --mount=from=conf,source=x,target=/y true
            COPY . /all
            """;
        var plan = Plan(Text, contexts);
        Assert.Equal(["r.test/b:2", "service://tool"], plan.References.Select(reference => reference.Text));
        Assert.Equal([null, "tool"], plan.References.Select(reference => reference.Service));
        Assert.Equal(["etc/conf", null], plan.Selections.Select(selection => selection.Context));
        Assert.EndsWith(
            """
            FROM scratch AS berth-stage-2000000
            LABEL l=1
            COPY [".berth-copy/0/","/"]
            FROM scratch AS berth-stage-1
            LABEL l=1
            COPY --from=berth-stage-2000000 / /
            FROM r.test/b:2 AS berth-stage-2
            LABEL l=1
            COPY --from=berth-stage-2000000 /a /b
            COPY --from=berth-stage-1 /c /d
            COPY --from=service://tool /t /t
            COPY --from=berth-stage-2000000 ["/x","/y"]
            RUN true
            COPY [".berth-copy/1/all","/all"]

            """,
            Written(plan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("COPY --from=conf --exclude=*.md . /x", "COPY [\".berth-copy/1/all\",\"/x\"]", false)]
    [InlineData("COPY --from=conf --parents --chown=1 a/*.txt /x/", "COPY --chown=1 [\".berth-copy/1/\",\"/x/\"]", true)]
    public void Files_of_a_named_folder_are_chosen_as_those_of_the_context(string text, string line, bool parents)
    {
        var plan = Plan(
            "FROM r.test/a\n" + text, new Dictionary<string, NamedContext> { ["conf"] = new NamedContext.Folder("etc/conf") });
        var selection = Assert.Single(plan.Selections);
        Assert.Equal(("etc/conf", parents), (selection.Context, selection.Parents));
        Assert.EndsWith($"\nLABEL l=1\n{line}\n", Written(plan), StringComparison.Ordinal);
        Assert.DoesNotContain("scratch", Written(plan), StringComparison.Ordinal);
    }

    private static DockerfilePlan Plan(string text, IReadOnlyDictionary<string, NamedContext>? contexts = null)
    {
        var refusals = new Refusals();
        var plan = DockerfilePlan.Read(
            DockerfileParser.Parse(text, "Dockerfile"), new Dictionary<string, string>(), null, "amd64", Budgets.New(), refusals, contexts);
        refusals.ThrowIfAny();
        return plan;
    }

    private static string Written(DockerfilePlan plan) => plan.Write(
        plan.References.Select(reference => reference.Text).Distinct().ToDictionary(text => text, text => new SentBase(text, [])), "l=1",
        Budgets.New()).Text;
}
