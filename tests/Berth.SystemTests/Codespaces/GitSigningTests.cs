using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Codespaces;

/// <summary>Commits in a codespace that are signed with a key that is kept as a secret.</summary>
public sealed class GitSigningTests(SharedServer shared)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_is_signed_with_a_key_that_is_a_secret(bool canSign)
    {
        await using var world = await CodespaceWorld.CreateAsync(shared.Process);
        using var folder = new TemporaryFolder();
        var image = await world.ImageAsync("dev", await ProgramsLayer.CreateAsync(folder, canSign ? ["git", "ssh-keygen"] : ["git"]));
        var repository = await world.RepositoryAsync("app", (".devcontainer.json", $$"""{ "image": "{{image}}", "remoteUser": "dev" }"""));
        await world.GrantAsync("dev", repository);
        await new Command("ssh-keygen").RunAsync("-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", folder["key"]);
        var key = await File.ReadAllTextAsync(folder["key"], TestContext.Current.CancellationToken);
        var open = await File.ReadAllTextAsync(folder["key.pub"], TestContext.Current.CancellationToken);
        await world.SecretAsync(repository, "GIT_SIGNING_KEY", key);
        var started = (await world.CreateAsync(repository)).Is("Available")
            .Says("git signs commits and tags with the key of the secret GIT_SIGNING_KEY");
        foreach (var line in key.Split('\n').Where(line => line.Length > 0 && !line.StartsWith('-')))
        {
            Assert.DoesNotContain(line, started.Log, StringComparison.Ordinal);
        }

        if (!canSign)
        {
            started.Says("git does not sign with GIT_SIGNING_KEY: the image has no ssh-keygen (openssh-client)");
        }

        var (output, code) = await world.ExecAsync(
            started.Name,
            $"""
            set -e
            echo changed > file && git add file && git commit -q -m changed
            git cat-file -p HEAD | grep -c 'BEGIN SSH SIGNATURE' || true
            echo '{world.Ada.Login}@example.com {open.Trim()}' > /tmp/signers
            git -c gpg.ssh.allowedSignersFile=/tmp/signers verify-commit HEAD 2>&1 | cut -d' ' -f1-4 || true
            ls -l /run/berth/git/signing-key | cut -c1-10
            """);
        Assert.True(code == 0, output);
        Assert.Equal(canSign ? "1\nGood \"git\" signature for\n-rw-------\n" : "0\n-rw-------\n", output);
        await world.DeleteAsync(started.Name);
    }
}
