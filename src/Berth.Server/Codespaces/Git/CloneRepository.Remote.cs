using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Git;

/// <content>What the remote has, without fetching it; and what a checkout has.</content>
internal sealed partial class CloneRepository
{
    private static readonly GitLimits Short = new(MaxBytes, TimeSpan.FromSeconds(30));

    /// <summary>The commit that a clone would check out; null when the remote has no such branch or tag.</summary>
    /// <inheritdoc cref="RunAsync(string, string?, string, SandboxView, CloneCredential?, Action{string}, CancellationToken)"/>
    public async Task<string?> CommitAsync(
        string url, string? reference, SandboxView view, CloneCredential? credential, CancellationToken cancellationToken)
    {
        var uri = git.Check(url);
        using var askpass = credential is null ? null : new CloneAskpass(credential, url, view);
        var branch = BranchOf(reference);
        string[] names = branch is null ? ["HEAD"] : GitReference.PlacesOf(branch);
        Queue<string> said = new();
        var result = await git.RunAsync(
            new GitCall($"the look at {url}", view.Home!, view, ["ls-remote", "--", url, .. names])
            {
                Remote = uri,
                Askpass = askpass,
                Limits = Short,
            },
            said.Enqueue, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw Failed(url, branch, credential, said);
        }

        var found = result.Output.Split('\n').Select(line => line.Trim().Split('\t')).Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[1], parts => parts[0], StringComparer.Ordinal);
        return names.Select(name => found.GetValueOrDefault(name)).FirstOrDefault(commit => commit is not null);
    }

    /// <summary>
    /// Moves another checkout of the repository to the commit of a fresh clone. Files that git tracks become the clone's. Files that it
    /// does not track stay.
    /// </summary>
    /// <param name="checkout">People's programs have run in it, so git runs without network here, whatever its configuration says.</param>
    /// <exception cref="FaultException">Git cannot move the checkout.</exception>
    public async Task MoveOnAsync(string checkout, string clone, SandboxView view, CancellationToken cancellationToken)
    {
        var (commit, _) = await TreesAsync(clone, view, [], cancellationToken);
        var call = new GitCall("the update of the checkout", checkout, view, [])
        {
            Remote = new Uri("file://" + clone),
            Limits = new GitLimits(MaxBytes, Timeout),
        };
        string[][] steps =
        [
            [
                "fetch", "--quiet", "--no-recurse-submodules", "--no-write-fetch-head", "--", clone,
                "+refs/remotes/origin/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*",
            ],
            ["reset", "--quiet", "--hard", commit],
        ];
        foreach (var step in steps)
        {
            Queue<string> said = new();
            var result = await git.RunAsync(call with { Arguments = ["-C", checkout, .. step] }, said.Enqueue, cancellationToken);
            if (result.ExitCode != 0)
            {
                throw new FaultException(
                    FaultKind.Repository,
                    $"git cannot take its checkout to the commit {commit}: {said.LastOrDefault() ?? $"exit code {result.ExitCode}"}");
            }
        }
    }

    /// <summary>The commit that a fresh clone has checked out, and git's ids of some of its folders.</summary>
    /// <exception cref="FaultException">The folder is no checkout of git's.</exception>
    public async Task<(string Commit, IReadOnlyDictionary<string, string> Trees)> TreesAsync(
        string checkout, SandboxView view, IReadOnlyList<string> folders, CancellationToken cancellationToken)
    {
        Queue<string> said = new();
        var result = await git.RunAsync(
            new GitCall(
                "the look at the checkout", checkout, view,
                ["-C", checkout, "rev-parse", "HEAD", .. folders.Select(folder => $"HEAD:{folder}")])
            {
                Limits = Short,
            },
            said.Enqueue, cancellationToken);
        var ids = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return result.ExitCode == 0 && ids.Length == folders.Count + 1
            ? (ids[0], folders.Zip(ids.Skip(1)).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal))
            : throw new FaultException(
                FaultKind.Repository, $"git cannot read the checkout: {said.LastOrDefault() ?? $"exit code {result.ExitCode}"}");
    }
}
