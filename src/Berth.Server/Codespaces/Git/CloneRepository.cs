using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Git;

/// <summary>
/// Clones a repository without trusting it (<see cref="SandboxedGit"/>), and without its submodules. A credential is only sent to the
/// server that it was stored for, and only git sees it.
/// </summary>
internal sealed partial class CloneRepository(SandboxedGit git)
{
    public const long MaxBytes = 10L * 1024 * 1024 * 1024;
    public const long MaxNewestBytes = 2L * 1024 * 1024 * 1024;
    public static readonly TimeSpan Timeout = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan NewestTimeout = TimeSpan.FromMinutes(3);

    /// <param name="url"><c>http:</c>, <c>https:</c>, or <c>file:</c> where the operator allows it.</param>
    /// <param name="reference">A branch or tag. Null: the remote's own default branch.</param>
    /// <param name="target">A folder that does not exist yet. Its parent does.</param>
    /// <param name="view">The user that git is in the sandbox, with an empty home that nobody else writes to.</param>
    /// <param name="credential">A credential for the server of <paramref name="url"/>. Null: none is stored.</param>
    /// <exception cref="FaultException">The clone failed. The message says why and what would help.</exception>
    public Task RunAsync(
        string url, string? reference, string target, SandboxView view, CloneCredential? credential, Action<string> progress,
        CancellationToken cancellationToken) =>
        RunAsync(url, reference, target, view, credential, [], new GitLimits(MaxBytes, Timeout), progress, cancellationToken);

    /// <summary>
    /// Like <see cref="RunAsync(string, string?, string, SandboxView, CloneCredential?, Action{string}, CancellationToken)"/>, but clones
    /// only the newest commit, for a look at its files.
    /// </summary>
    public async Task NewestAsync(
        string url, string? reference, string target, SandboxView view, CloneCredential? credential, IReadOnlyList<string> only,
        CancellationToken cancellationToken)
    {
        var (sparse, limits) = (Sparse(view, only), new GitLimits(MaxNewestBytes, NewestTimeout));
        try
        {
            await RunAsync(url, reference, target, view, credential, ["--depth=1", .. sparse], limits, _ => { }, cancellationToken);
        }
        catch (FaultException exception) when (exception.Message.Contains("does not support shallow", StringComparison.Ordinal))
        {
            // A plain file server (dumb HTTP) cannot leave out the history.
            CodespaceFolders.Delete(target);
            await RunAsync(url, reference, target, view, credential, sparse, limits, _ => { }, cancellationToken);
        }
    }

    /// <summary>
    /// Makes a clone check out only these paths (git-sparse-checkout(1)), and fetch only these if the server can. The clone gets these
    /// settings from a template of git's for new repositories. The template lies in git's own home, where git can read it.
    /// </summary>
    private static string[] Sparse(SandboxView view, IReadOnlyList<string> only)
    {
        if (only.Count == 0)
        {
            return [];
        }

        var template = Path.Combine(view.Home!, "template");
        Directory.CreateDirectory(Path.Combine(template, "info"));
        File.WriteAllLines(Path.Combine(template, "info", "sparse-checkout"), only);
        return ["--template=" + template, "--filter=blob:none", "-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false"];
    }

    private async Task RunAsync(
        string url, string? reference, string target, SandboxView view, CloneCredential? credential, IEnumerable<string> options,
        GitLimits limits, Action<string> progress, CancellationToken cancellationToken)
    {
        var uri = git.Check(url);
        using var askpass = credential is null ? null : new CloneAskpass(credential, url, view);
        var branch = BranchOf(reference);
        string[] arguments =
        [
            "clone", "--progress", "--no-recurse-submodules", "--template=", .. options,
            .. branch is null ? [] : new[] { "--branch", branch },
            "--", url, target,
        ];
        Queue<string> said = new();
        Directory.CreateDirectory(target);
        Ownership.GiveOne(target, view.User);
        var result = await git.RunAsync(
            new GitCall($"the clone of {url}", target, view, arguments) { Remote = uri, Askpass = askpass, Limits = limits },
            line => ReadProgress(line, said, progress),
            cancellationToken);
        if (result.ExitCode != 0)
        {
            throw Failed(url, branch, credential, said);
        }
    }

    /// <summary>
    /// Returns a branch or tag that is safe to pass to git. It removes <c>refs/heads/</c>, and refuses what looks like an option or a
    /// revision expression.
    /// </summary>
    internal static string? BranchOf(string? reference)
    {
        if (string.IsNullOrEmpty(reference))
        {
            return null;
        }

        var name = GitReference.Short(reference);
        return GitReference.IsName(name) ? name
            : throw new FaultException(FaultKind.Repository, $"'{reference}' is not the name of a branch or tag");
    }

    private static void ReadProgress(string line, Queue<string> said, Action<string> progress)
    {
        said.Enqueue(line);
        if (said.Count > 20)
        {
            said.Dequeue();
        }

        // Of a progress counter only the last line is kept. The clone's path on the server must not be shown.
        if (!line.StartsWith("Cloning into ", StringComparison.Ordinal)
            && (!line.Contains('%', StringComparison.Ordinal) || line.Contains(", done.", StringComparison.Ordinal)))
        {
            progress(line);
        }
    }

    private static FaultException Failed(string url, string? branch, CloneCredential? credential, IEnumerable<string> said)
    {
        var reason = said.LastOrDefault(
            line => line.StartsWith("fatal: ", StringComparison.Ordinal) || line.StartsWith("remote: ", StringComparison.Ordinal))
            ?? said.LastOrDefault() ?? "git said nothing";
        var (more, remedy) = reason switch
        {
            _ when reason.Contains("Authentication failed", StringComparison.Ordinal) && credential is not null => (
                $"; the git server rejects {credential.Whose} clone credential (user {credential.UserName})",
                "store one that works: berth repo clone-credential set OWNER/NAME --username USER < token"),
            _ when reason.Contains("could not read Username", StringComparison.Ordinal)
                || reason.Contains("Authentication failed", StringComparison.Ordinal) => (
                "; the git server asks for a sign-in, and no clone credential is stored for it",
                "an admin of the repository can run berth repo clone-credential set OWNER/NAME --username USER < token, or you with --own "
                    + "for your codespaces"),
            _ when reason.Contains("Remote branch", StringComparison.Ordinal) =>
                ($"; create the codespace with a branch or tag that exists, '{branch}' does not", null),
            _ when reason.Contains("No space left on device", StringComparison.Ordinal) =>
                ("; the codespace's disk is full: choose a larger machine", null),
            _ when RedirectedTo().IsMatch(reason) =>
                ("; redirects are not followed: set the repository's clone_url to the address it redirects to", null),
            _ => ("", (string?)null),
        };
        return new FaultException(
            FaultKind.Repository, $"the clone of {url} failed: {reason.Replace("fatal: ", "", StringComparison.Ordinal)}{more}", remedy);
    }

    [GeneratedRegex("error: 30[0-9]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RedirectedTo();

    public static FaultException NoUrl(string repository) =>
        new(FaultKind.Repository, $"{repository} has no clone_url", $"set one: berth repo edit {repository} --clone-url URL");
}
