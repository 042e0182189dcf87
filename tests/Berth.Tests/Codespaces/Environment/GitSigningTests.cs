using System.Diagnostics;
using Berth.Server.Codespaces.Environment;

namespace Berth.Tests.Codespaces.Environment;

/// <summary>The key with which git signs. git and ssh-keygen are real.</summary>
public sealed class GitSigningTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berth-git-signing-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("ed25519")]
    [InlineData("rsa")]
    public async Task Commits_and_tags_are_signed_with_it(string type)
    {
        var key = await KeyAsync(type, "");
        await WriteAsync(Secret(key.ReplaceLineEndings("\r\n") + "\r\n\n"));
        Assert.Equal("", await ShAsync(Check()));
        var signers = Path.Combine(_folder.FullName, "signers");
        await File.WriteAllTextAsync(signers, "ada@example.test " + await File.ReadAllTextAsync(In("key.pub"), Cancel), Cancel);
        var said = await ShAsync($"""
            git init -q repo && cd repo && git commit -q --allow-empty -m x && git tag v1 -m x
            git config gpg.ssh.allowedSignersFile {signers}
            git verify-commit -v HEAD 2>&1 && git verify-tag v1 2>&1
            """);
        Assert.Equal(2, said.Split("Good \"git\" signature for ada@example.test").Length - 1);
    }

    [Theory]
    [InlineData("git() { echo git version 2.33.8; }", "git version 2.33.8 is older than 2.34")]
    [InlineData("git() { echo git version 2.9.1; }", "git version 2.9.1 is older than 2.34")]
    [InlineData("git() { return 127; }", "the image has no git")]
    [InlineData("git() { echo git version 2.34.0; }; command() { return 1; }", "the image has no ssh-keygen (openssh-client)")]
    [InlineData("git() { echo git version 2.34.0; }", null)]
    [InlineData("git() { echo git version 3.0.0; }", null)]
    [InlineData("git() { echo git version 2.100.1; }", null)]
    public async Task Where_git_cannot_sign_it_commits_without(string programs, string? reason)
    {
        await WriteAsync(Secret(await KeyAsync("ed25519", "")));
        Assert.Equal(
            reason is null ? "" : $"\nberth: git does not sign with GIT_SIGNING_KEY: {reason}\n", await ShAsync($"{programs}\n{Check()}"));
        Assert.Equal(reason is null, new FileInfo(In("signing")).Length > 0);
    }

    [Fact]
    public async Task A_key_with_a_passphrase_is_told()
    {
        var secret = Secret(await KeyAsync("ed25519", "open sesame"));
        Assert.Null(GitSigning.KeyOf(secret));
        Assert.Contains("has a passphrase", GitSigning.Remark(secret), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ssh-ed25519 AAAA ada")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\n!!!\n-----END OPENSSH PRIVATE KEY-----")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA/////w==\n-----END OPENSSH PRIVATE KEY-----")]
    [InlineData("-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----")]
    public void What_is_no_key_is_told(string text)
    {
        Assert.Null(GitSigning.KeyOf(Secret(text)));
        Assert.Contains("it is no SSH private key", GitSigning.Remark(Secret(text)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_secret_nothing_is_said_or_set()
    {
        Dictionary<string, string> none = [];
        Assert.Null(GitSigning.KeyOf(none));
        Assert.Null(GitSigning.Remark(none));
        await WriteAsync(none);
        Assert.Equal("", await ShAsync("git() { return 127; }\n" + Check()));
        var config = new GitInside(null, []).Files.Single(file => file.Name == "config").Content;
        Assert.DoesNotContain("signing", config, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Secret(string text) => new() { [GitSigning.Secret] = text };

    private string In(string name) => Path.Combine(_folder.FullName, name);

    private string Check() => GitSigning.Check.Replace(GitInside.Folder, _folder.FullName, StringComparison.Ordinal);

    private async Task<string> KeyAsync(string type, string passphrase)
    {
        await ShAsync($"ssh-keygen -q -t {type} -N '{passphrase}' -C ada -f {In("key")}");
        return await File.ReadAllTextAsync(In("key"), Cancel);
    }

    private async Task WriteAsync(Dictionary<string, string> variables)
    {
        foreach (var (name, content) in new GitInside(new GitAuthor("Ada", "ada@example.test"), [], GitSigning.KeyOf(variables)).Files)
        {
            await File.WriteAllTextAsync(
                In(name), content.Replace(GitInside.Folder, _folder.FullName, StringComparison.Ordinal) + "\n", Cancel);
        }

        File.SetUnixFileMode(In("signing-key"), UnixFileMode.UserRead);
    }

    private async Task<string> ShAsync(string script)
    {
        var info = new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = _folder.FullName,
        };
        info.Environment["HOME"] = _folder.FullName;
        info.Environment["GIT_CONFIG_GLOBAL"] = In("config");
        info.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        using var process = Process.Start(info)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return output;
    }
}
