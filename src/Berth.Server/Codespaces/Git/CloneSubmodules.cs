using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Git;

/// <summary>A checkout whose submodules are wanted.</summary>
/// <param name="Credential">A credential for the repository's own server and owner. Null: none may be used.</param>
internal sealed record SubmoduleRequest(string Url, string Checkout, SandboxView View, CloneCredential? Credential)
{
    /// <summary>Says which submodules are not wanted, by their paths within the checkout. What is in them is not looked at.</summary>
    public Func<string, Submodule, bool> Leaves { get; init; } = (_, _) => false;
}

/// <summary>A submodule that was cloned.</summary>
internal sealed record ClonedSubmodule(string Place, Submodule Submodule, string Url);

/// <summary>
/// Clones the submodules of a fresh checkout, and their submodules, as <see cref="CloneRepository"/> does. Each comes from a URL that was
/// checked, at the commit that the repository names. A submodule that cannot be cloned only gets a line in the log.
/// </summary>
internal sealed class CloneSubmodules(SandboxedGit git, TimeProvider time)
{
    public const int Most = 64;
    public const int Deepest = 5;

    public static bool HasAny(string checkout) =>
        new FileInfo(Path.Combine(checkout, ".gitmodules")) is { Exists: true, LinkTarget: null };

    /// <summary>The line for submodules that nobody asked for.</summary>
    public static string NotCloned(string repository) => Fault.Shown(
        "the repository has submodules, which are not cloned",
        $"customizations.berth.submodules: true in devcontainer.json, or berth repo edit {repository} --submodules true");

    /// <returns>The submodules that were cloned, each after the one that it is in.</returns>
    public async Task<IReadOnlyList<ClonedSubmodule>> RunAsync(
        SubmoduleRequest request, Action<string> log, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        List<ClonedSubmodule> cloned = [];
        Queue<(string Folder, string Url, int Depth)> folders = new([("", request.Url, 1)]);
        var seen = 0;
        while (folders.TryDequeue(out var folder))
        {
            foreach (var submodule in await ListAsync(request, folder.Folder, cancellationToken))
            {
                var place = Path.Combine(folder.Folder, submodule.Path);
                cancellationToken.ThrowIfCancellationRequested();
                if (submodule.Fault is null && request.Leaves(place, submodule))
                {
                    continue;
                }

                var left = CloneRepository.Timeout - time.GetElapsedTime(began);
                var (url, fault) = submodule.Fault is { } wrong ? (null, wrong) : SubmoduleUrl.Resolve(submodule.Url, folder.Url);
                fault ??= folder.Depth > Deepest ? $"it lies more than {Deepest} submodules deep"
                    : ++seen > Most ? $"a codespace gets at most {Most} submodules"
                    : left <= TimeSpan.Zero ? $"all submodules together took longer than {CloneRepository.Timeout.TotalMinutes:0} minutes"
                    : null;
                fault ??= await CloneAsync(request, folder.Folder, submodule, url!, left, log, cancellationToken);
                if (fault is not null)
                {
                    log($"the submodule {place} is missing: {fault}");
                    continue;
                }

                cloned.Add(new ClonedSubmodule(place, submodule, url!));
                folders.Enqueue((place, url!, folder.Depth + 1));
            }
        }

        return cloned;
    }

    /// <summary>Lists the submodules from the commit, since a file of the checkout may be a link to anywhere.</summary>
    private async Task<IReadOnlyList<Submodule>> ListAsync(SubmoduleRequest request, string folder, CancellationToken cancellationToken)
    {
        var place = Path.Combine(request.Checkout, folder);
        var listed = await git.RunAsync(
            new GitCall(
                "the list of submodules", request.Checkout, request.View,
                ["-C", place, "config", "-z", "--blob", "HEAD:.gitmodules", "--list"]),
            _ => { },
            cancellationToken);
        return listed.ExitCode == 0 ? Submodule.Read(listed.Output) : [];
    }

    /// <returns>Null, or the reason why it was not cloned.</returns>
    private async Task<string?> CloneAsync(
        SubmoduleRequest request, string folder, Submodule submodule, string url, TimeSpan left, Action<string> log,
        CancellationToken cancellationToken)
    {
        var place = Path.Combine(request.Checkout, folder);
        var credential = request.Credential is { } own && CloneOrigin.IsSameOwner(request.Url, url) ? own : null;
        using var askpass = credential is null ? null : new CloneAskpass(credential, url, request.View);
        List<string> said = [];
        try
        {
            var call = new GitCall($"the clone of {url}", request.Checkout, request.View, [])
            {
                Limits = new GitLimits(CloneRepository.MaxBytes, left),
            };

            // Set the URL first, so that git does not take it from the file.
            var named = await git.RunAsync(
                call with { Arguments = ["-C", place, "config", $"submodule.{submodule.Name}.url", url] }, said.Add, cancellationToken);
            if (named.ExitCode != 0)
            {
                return Reason(said);
            }

            log($"cloning the submodule {Path.Combine(folder, submodule.Path)} from {url}"
                + (credential is null ? "" : $" with {credential.Whose} clone credential (user {credential.UserName})"));
            var updated = await git.RunAsync(
                call with
                {
                    Remote = git.Check(url),
                    Askpass = askpass,
                    Arguments =
                    [
                        "-C", place, "submodule", "update", "--checkout", "--no-recommend-shallow", "--", submodule.Path,
                    ],
                },
                said.Add, cancellationToken);

            // Git ignores a path that is no submodule without an error.
            var isThere = updated.ExitCode == 0 && Path.Exists(Path.Combine(place, submodule.Path, ".git"));
            return isThere ? null : Failed(said, credential);
        }
        catch (FaultException fault)
        {
            return fault.Message;
        }
    }

    private static string Failed(IReadOnlyList<string> said, CloneCredential? credential)
    {
        var reason = Reason(said);
        return reason switch
        {
            _ when reason.Contains("Authentication failed", StringComparison.Ordinal) && credential is not null =>
                $"{reason}; the git server rejects {credential.Whose} clone credential (user {credential.UserName})",
            _ when reason.Contains("could not read Username", StringComparison.Ordinal)
                || reason.Contains("Authentication failed", StringComparison.Ordinal) => Fault.Shown(
                    $"{reason}; the git server asks for a sign-in, and no clone credential counts for it",
                    "your own clone credential counts for repositories of the same server and owner (berth repo clone-credential set "
                        + "OWNER/NAME --own); the repository's does where its setting asks for submodules"),
            _ => reason,
        };
    }

    /// <summary>
    /// Returns the first error. Git's later lines only say that something failed, and where the clone lies on this machine.
    /// </summary>
    private static string Reason(IReadOnlyList<string> said)
    {
        return (First("fatal: ") ?? First("error: ") ?? First("remote: ") ?? "it is no submodule of the commit")
            .Replace("fatal: ", "", StringComparison.Ordinal);

        string? First(string begin) => said.FirstOrDefault(line => line.StartsWith(begin, StringComparison.Ordinal));
    }
}
