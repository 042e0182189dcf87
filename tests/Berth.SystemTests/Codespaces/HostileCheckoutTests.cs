using System.Security.Cryptography;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>
/// Checkouts as a codespace can leave them. In each of them an ordinary git command runs what the checkout says, or reads what does not
/// belong to it. It does so on this machine, but not in the sandbox. Berth runs no git in a workspace outside its container. The tests show
/// what would hold if it did.
/// </summary>
[Trait("Suite", "hostile")]
public sealed class HostileCheckoutTests : IDisposable
{
    // Each of these is git's documented behaviour in a folder whose owner is trusted (git-config(1), gitattributes(5)). Git checks the
    // owner at all only since CVE-2022-24765.
    private const string Touch = "touch @MARK@";
    private readonly TemporaryFolder _folder = new();
    private readonly Sandboxes _sandboxes;

    public HostileCheckoutTests()
    {
        Requirement.Program("git");
        _sandboxes = new Sandboxes(_folder);
    }

    public void Dispose()
    {
        _sandboxes.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("core.fsmonitor", "git config core.fsmonitor 'touch @MARK@; false'", "git status")]
    [InlineData(
        "core.fsmonitor in a file that is included",
        "printf '[core]\\n\\tfsmonitor = \"touch @MARK@; false\"\\n' > x.inc; git config include.path ../x.inc", "git status")]
    [InlineData(
        "core.fsmonitor in a file that is included for this folder",
        "printf '[core]\\n\\tfsmonitor = \"touch @MARK@; false\"\\n' > x.inc; git config includeIf.gitdir:/.path ../x.inc", "git status")]
    [InlineData(
        "core.fsmonitor of the work tree",
        "git config extensions.worktreeConfig true; git config --worktree core.fsmonitor 'touch @MARK@; false'", "git status")]
    [InlineData(
        "core.fsmonitor behind a .git file",
        "mv .git elsewhere; echo 'gitdir: elsewhere' > .git; git config core.fsmonitor 'touch @MARK@; false'", "git status")]
    [InlineData(
        "core.fsmonitor of a bare repository among the files",
        "mkdir sub; git init -q --bare sub; git -C sub config core.bare false; git -C sub config core.worktree ..; git -C sub config "
            + "core.fsmonitor 'touch @MARK@; false'; cp .git/index sub/",
        "git -C sub status")]
    [InlineData(
        "core.sshCommand", "git config core.sshCommand 'touch @MARK@; false'; git config remote.o.url ssh://host.invalid/x", "git fetch o")]
    [InlineData("core.gitProxy", "git config core.gitProxy @WS@/run.sh; git config remote.o.url git://host.invalid/x", "git fetch o")]
    [InlineData(
        "the ext transport", "git config protocol.ext.allow always; git config remote.o.url 'ext::sh -c touch% @MARK@'", "git fetch o")]
    [InlineData(
        "an address rewritten to the ext transport",
        "git config protocol.ext.allow always; git config 'url.ext::sh -c touch% @MARK@ .insteadOf' https://git.test/; git config "
            + "remote.o.url https://git.test/x",
        "git fetch o")]
    [InlineData(
        "uploadpack of a remote", "git config remote.o.url .; git config remote.o.uploadpack 'touch @MARK@; git-upload-pack'",
        "git fetch o")]
    [InlineData(
        "receivepack of a remote", "git config remote.o.url .; git config remote.o.receivepack 'touch @MARK@; git-receive-pack'",
        "git push o HEAD:refs/heads/y")]
    [InlineData("core.hooksPath", "mkdir h; cp run.sh h/post-checkout; git config core.hooksPath h", "git checkout -q -b other")]
    [InlineData("a hook", "mkdir -p .git/hooks; cp run.sh .git/hooks/post-checkout", "git checkout -q -b other")]
    [InlineData(
        "a hook after the index", "mkdir -p .git/hooks; cp run.sh .git/hooks/post-index-change; touch -d 2001-01-01 file", "git status")]
    [InlineData("a hook before commits", "mkdir -p .git/hooks; cp run.sh .git/hooks/pre-commit", "git commit --allow-empty -m x")]
    [InlineData(
        "a smudge filter", "echo '* filter=x' > .gitattributes; git config filter.x.smudge 'touch @MARK@; cat'; rm file",
        "git checkout -- file")]
    [InlineData(
        "a clean filter", "echo '* filter=x' > .gitattributes; git config filter.x.clean 'touch @MARK@; cat'; echo changed > file",
        "git add file")]
    [InlineData(
        "a filter process", "echo '* filter=x' > .gitattributes; git config filter.x.process 'touch @MARK@'; rm file",
        "git checkout -- file")]
    [InlineData(
        "filters of LFS", "echo '* filter=lfs' > .gitattributes; git config filter.lfs.smudge 'touch @MARK@; cat'; rm file",
        "git checkout -- file")]
    [InlineData("an external diff", "git config diff.external @WS@/run.sh; echo changed > file", "git diff")]
    [InlineData(
        "a diff driver", "echo '* diff=x' > .gitattributes; git config diff.x.command @WS@/run.sh; echo changed > file", "git diff")]
    [InlineData("textconv", "echo '* diff=x' > .gitattributes; git config diff.x.textconv @WS@/run.sh", "git log -p")]
    [InlineData(
        "a merge driver",
        "echo 'file merge=x' > .git/info/attributes; git config merge.x.driver 'touch @MARK@'; git checkout -q -b a; echo a > file; git "
            + "commit -qam a; git checkout -q main; echo b > file; git commit -qam b",
        "git merge -q a")]
    [InlineData("the editor", "git config core.editor 'touch @MARK@; true'", "git commit --allow-empty")]
    [InlineData(
        "the sequence editor", "git config sequence.editor 'touch @MARK@; true'; git commit -q --allow-empty -m x",
        "git rebase -i --keep-empty HEAD~1")]
    [InlineData(
        "the signature program", "git config gpg.program @WS@/run.sh; git config commit.gpgSign true", "git commit --allow-empty -m x")]
    [InlineData(
        "a credential helper", "git config credential.helper '!touch @MARK@; echo'",
        "printf 'protocol=https\\nhost=git.test\\n\\n' | git credential fill")]
    [InlineData(
        "askpass", "git config core.askPass @WS@/run.sh",
        "printf 'protocol=https\\nhost=git.test\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill")]
    [InlineData("an archive format", "git config tar.x.command 'touch @MARK@; cat'", "git archive --format=x HEAD")]
    [InlineData("a trailer's command", "git config trailer.x.command 'touch @MARK@'", "echo y | git interpret-trailers")]
    // In CVE-2019-19604 this line was in .gitmodules. In the configuration it still runs.
    [InlineData(
        "the update command of a submodule",
        "git init -q other; git -C other commit -q --allow-empty -m x; git -c protocol.file.allow=always submodule add -q ./other s; git "
            + "config submodule.s.update '!touch @MARK@;'; git -C s commit -q --allow-empty -m y",
        "git submodule update")]
    [InlineData("a work tree somewhere else", "git config core.worktree @OUT@", "git checkout -f HEAD -- file && touch @MARK@")]
    [InlineData(
        "objects of a neighbour", "echo @OUT@/neighbour/.git/objects > .git/objects/info/alternates",
        "git cat-file -p @BLOB@ | grep private && touch @MARK@")]
    [InlineData(
        "a repository of a neighbour", "rm -rf .git; echo 'gitdir: @OUT@/neighbour/.git' > .git",
        "git cat-file -p @BLOB@ | grep private && touch @MARK@")]
    [InlineData(
        "a neighbour's refs through commondir", "echo @OUT@/neighbour/.git > .git/commondir",
        "git cat-file -p @BLOB@ | grep private && touch @MARK@")]
    [InlineData("a file behind a link", "ln -s @OUT@/secret.txt link", "cat link && touch @MARK@")]
    [InlineData("a file behind a linked folder", "ln -s @OUT@ folder", "cat folder/secret.txt && touch @MARK@")]
    [InlineData("a place to write behind a link", "ln -s @OUT@/written link", "echo x > link && touch @MARK@")]
    public async Task What_a_checkout_says_reaches_nothing_outside_it(string what, string prepare, string command)
    {
        var blob = await NeighbourAsync();
        foreach (var inside in new[] { false, true })
        {
            var work = _folder.Create("work-" + (inside ? "inside" : "outside"));
            var mark = _folder["mark-" + RandomNumberGenerator.GetHexString(8)];
            string Fill(string text) =>
                text.Replace("@MARK@", mark, StringComparison.Ordinal).Replace("@WS@", work, StringComparison.Ordinal)
                    .Replace("@OUT@", _folder["out"], StringComparison.Ordinal).Replace("@BLOB@", blob, StringComparison.Ordinal);
            var prepared = await _sandboxes.OutsideAsync(
                Fill($"set -e; cd {work}; {Identity}; git init -q -b main; echo hello > file; git add file; git commit -qm first;"
                    + $"printf '#!/bin/sh\\n{Touch}\\n' > run.sh; chmod +x run.sh; {prepare}; echo PREPARED"));
            Assert.True(prepared.Contains("PREPARED", StringComparison.Ordinal), $"{what}: {prepared}");
            File.Delete(mark);

            var run = Fill($"cd {work}; {Identity}; {command}");
            if (!inside)
            {
                var said = await _sandboxes.OutsideAsync(run);
                Assert.True(File.Exists(mark), $"{what} does no harm: {said}");
            }
            else
            {
                // The checkout belongs to the user, as it does while only the sandbox works in it.
                Berth.Server.Codespaces.Sandbox.Ownership.Give(work, _sandboxes.View.User);
                var said = await _sandboxes.InsideAsync(run, _sandboxes.View with { Writable = [work] });
                Assert.False(File.Exists(mark), $"{what}: {said}");
                Assert.Equal("secret", await File.ReadAllTextAsync(_folder["out/secret.txt"], TestContext.Current.CancellationToken));
            }
        }
    }

    private const string Identity = "export GIT_AUTHOR_NAME=ada GIT_AUTHOR_EMAIL=ada@example.com GIT_COMMITTER_NAME=ada "
        + "GIT_COMMITTER_EMAIL=ada@example.com GIT_CONFIG_NOSYSTEM=1";

    /// <summary>Makes a repository beside the checkout, with one file. Returns the object of that file.</summary>
    private async Task<string> NeighbourAsync()
    {
        var folder = _folder.Create("out/neighbour");
        await File.WriteAllTextAsync(_folder["out/secret.txt"], "secret", TestContext.Current.CancellationToken);
        var said = await _sandboxes.OutsideAsync(
            $"cd {folder}; {Identity}; git init -q -b main; echo private > file; git add file; git commit -qm x; git rev-parse HEAD:file");
        return said.Trim();
    }
}
