using System.Formats.Tar;
using System.Globalization;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Builds;

/// <summary>A repository that was fetched for ADD.</summary>
internal sealed record FetchedRepository(RemoteRepository Remote, string Local)
{
    public async Task WriteAsync(TarWriter tar, CancellationToken cancellationToken)
    {
        var ignored = IgnorePatterns.Parse(
            string.Join('\n', [.. Remote.KeepsGit ? [] : new[] { "**/.git" }, .. Remote.Excludes]), Remote.Place.ToString());
        await tar.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.Directory, Remote.Path) { Mode = PackedFiles.OpenFolder }, cancellationToken);
        await PackedFiles.FolderAsync(tar, Local, "", Remote.Path, ignored, cancellationToken);
    }
}

/// <summary>
/// Clones the git repositories that ADD names, in the sandbox and without any login. It clones only from addresses that outgoing requests
/// may reach, only the wanted commit, and at most a few gigabytes.
/// </summary>
internal sealed class FetchRepositories(SandboxedGit git, CloneSubmodules submodules, TimeProvider time)
{
    private const long MostEntries = 200_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>All branches and tags. They are fetched when a server does not hand out the wanted commit alone.</summary>
    private static readonly string[] Everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];

    /// <param name="folder">Must not exist yet. It lies on the codespace's own disk.</param>
    /// <param name="view">The user that git is in the sandbox, with a home that nobody else writes to.</param>
    /// <param name="most">The limit for all repositories together, in bytes.</param>
    /// <exception cref="FaultException">A repository cannot be cloned. The message says which file and line of the Dockerfile.</exception>
    public async Task<IReadOnlyList<FetchedRepository>> RunAsync(
        string folder, SandboxView view, IReadOnlyList<RemoteRepository> repositories, long most, Action<string> log,
        CancellationToken cancellationToken)
    {
        if (repositories.Count == 0)
        {
            return [];
        }

        using var expired = new CancellationTokenSource(Longest, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
        List<FetchedRepository> fetched = [];
        var (bytes, entries) = (most, MostEntries);
        foreach (var repository in repositories)
        {
            log($"cloning {repository.Address.Url}");
            var target = Path.Combine(folder, fetched.Count.ToString(CultureInfo.InvariantCulture));
            Directory.CreateDirectory(target);
            Ownership.GiveOne(target, view.User);
            try
            {
                var call = new GitCall($"the clone of {repository.Address.Url}", target, view, [])
                {
                    Limits = new GitLimits(bytes, Longest),
                };
                await CloneAsync(repository, call, log, ending.Token);
                (bytes, entries) = Rest(repository, target, bytes, entries, ending.Token);
            }
            catch (FaultException fault) when (fault.Fault.Kind == FaultKind.Repository)
            {
                throw Fault(repository, fault.Message);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Fault(repository, $"it took longer than {Longest.TotalMinutes:0} minutes with those before it");
            }

            fetched.Add(new FetchedRepository(repository, FolderOf(repository, target)));
        }

        return fetched;
    }

    private async Task CloneAsync(RemoteRepository repository, GitCall call, Action<string> log, CancellationToken cancellationToken)
    {
        var url = repository.Address.Url.AbsoluteUri;
        await RunAsync(repository, call, ["init", "--quiet", "--template="], cancellationToken);
        await RunAsync(repository, call, ["remote", "add", "origin", url], cancellationToken);
        var commit = await FetchAsync(repository, call with { Remote = git.Check(url) }, cancellationToken);
        await RunAsync(repository, call, ["checkout", "--quiet", "--detach", commit], cancellationToken);
        var head = (await RunAsync(repository, call, ["rev-parse", "HEAD"], cancellationToken)).Trim();
        if (repository.Commit is { } wanted && !head.StartsWith(wanted, StringComparison.Ordinal))
        {
            throw Fault(repository, $"its commit is {head}, not {wanted}");
        }

        if (CloneSubmodules.HasAny(call.Checkout))
        {
            await submodules.RunAsync(new SubmoduleRequest(url, call.Checkout, call.View, Credential: null), log, cancellationToken);
        }
    }

    /// <summary>Fetches the one commit if the server hands it out, otherwise everything.</summary>
    /// <returns>The reference to check out.</returns>
    private async Task<string> FetchAsync(RemoteRepository repository, GitCall call, CancellationToken cancellationToken)
    {
        const string Fetched = "FETCH_HEAD";
        var reference = repository.Address.Reference ?? "HEAD";
        string[] fetch = ["fetch", "--quiet", "--no-recurse-submodules"];
        List<string> said = [];
        var newest = call with { Arguments = ["-C", call.Checkout, .. fetch, "--depth=1", "--no-tags", "--", "origin", reference] };
        if ((await git.RunAsync(newest, said.Add, cancellationToken)).ExitCode == 0)
        {
            return Fetched;
        }

        // Some servers do not hand out every commit.
        if (GitAddress.IsCommit(reference))
        {
            await RunAsync(repository, call, [.. fetch, "--", "origin", .. Everything], cancellationToken);
            return reference;
        }

        // A plain file server (dumb HTTP) cannot leave out the history.
        if (said.Exists(line => line.Contains("does not support shallow", StringComparison.Ordinal)))
        {
            await RunAsync(repository, call, [.. fetch, "--no-tags", "--", "origin", reference], cancellationToken);
            return Fetched;
        }

        throw Fault(repository, Reason(said));
    }

    private async Task<string> RunAsync(
        RemoteRepository repository, GitCall call, string[] arguments, CancellationToken cancellationToken)
    {
        List<string> said = [];
        var result = await git.RunAsync(
            call with { Arguments = ["-C", call.Checkout, .. arguments] }, said.Add, cancellationToken);
        return result.ExitCode == 0 ? result.Output : throw Fault(repository, Reason(said));
    }

    private static string Reason(List<string> said)
    {
        var line = said.LastOrDefault(
            one => one.StartsWith("fatal: ", StringComparison.Ordinal) || one.StartsWith("error: ", StringComparison.Ordinal))
            ?? said.LastOrDefault() ?? "git said nothing";
        var reason = line[(line.StartsWith("fatal: ", StringComparison.Ordinal) ? "fatal: ".Length : 0)..];
        return reason.Contains("could not read Username", StringComparison.Ordinal)
            || reason.Contains("Authentication failed", StringComparison.Ordinal)
            ? $"{reason}; builds get no login, so only public repositories can be added: make it a submodule"
            : reason;
    }

    /// <summary>What is left of the limits for other repositories. Git itself looks at its size only now and then.</summary>
    private static (long Bytes, long Entries) Rest(
        RemoteRepository repository, string target, long bytes, long entries, CancellationToken cancellationToken)
    {
        var (written, files) = WrittenFiles.Count(target, entries, cancellationToken);
        return written <= bytes && files <= entries
            ? (bytes - written, entries - files)
            : throw Fault(
                repository, $"what a build fetches is more than {FetchRemoteFiles.MostBytes >> 30} GiB or {MostEntries} files");
    }

    /// <summary>The wanted folder of the repository. It is refused behind a link, which could lead out of the repository.</summary>
    private static string FolderOf(RemoteRepository repository, string target)
    {
        foreach (var segment in repository.Address.Folder?.Split('/', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            target = Path.Combine(target, segment);
            if (Checkout.Kind(target) != FileKind.Folder)
            {
                throw Fault(repository, $"it has no folder {repository.Address.Folder}");
            }
        }

        return target;
    }

    private static FaultException Fault(RemoteRepository repository, string reason) => new(
        FaultKind.Build, $"{repository.Place}: ADD {DockerfileParser.Short(repository.Address.Url.ToString())}: {reason}");
}
