using System.Security.Cryptography;
using Berth.Server.Access;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Database;
using Berth.Server.Faults;
using Berth.Server.Repositories;
using Berth.Server.Repositories.Cloning;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces.Git;

/// <summary>Clones a repository in the sandbox as a start does, to look at its files. Deletes the clone afterwards.</summary>
internal sealed class LookAtRepository(
    Db db, DataOptions options, CodespaceHost host, CloneRepository clone, CloneSubmodules submodules, CloneCredentials credentials,
    WorkspaceFilesystem filesystems, TimeProvider time) : IDisposable
{
    /// <summary>
    /// The limit of files. A repository of a few kilobytes can unpack to any number of them. They lie on a filesystem that is removed after
    /// the look, so they do not use up the server's own files.
    /// </summary>
    private const int MaxFiles = 131_072;

    /// <summary>All files that are read to learn what a repository asks for.</summary>
    private static readonly string[] Configurations = ["/.devcontainer.json", "/.devcontainer/"];

    /// <summary>The beginning of the folders' names. No codespace's name has a ~.</summary>
    private const string Prefix = "~preflight-";

    private static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);
    private readonly SemaphoreSlim _configurationsAtOnce = new(4);

    /// <param name="repository">A repository that the user may read.</param>
    /// <param name="reference">A branch or tag. Null: the remote's default branch.</param>
    /// <param name="wanted">Reads from a checkout's configuration whether submodules are wanted. Null: it does not say.</param>
    /// <param name="say">Called for submodules that could not be cloned.</param>
    /// <param name="look">Gets the folder of the checkout, which is deleted afterwards.</param>
    /// <exception cref="FaultException">There is nothing to clone, or it cannot be cloned.</exception>
    public Task<T> RunAsync<T>(
        long userId, string login, RepositoryFacts repository, string? reference, Func<string, bool?> wanted, Action<string> say,
        Func<string, Task<T>> look, CancellationToken cancellationToken) =>
        RunAsync(
            userId, login, repository, reference, look, [],
            (row, request) => SubmodulesAsync(userId, login, row, request, wanted, say, cancellationToken), cancellationToken);

    /// <summary>Clones only the dev container configurations, which is quick.</summary>
    /// <exception cref="FaultException">There is nothing to clone, it cannot be cloned, or a configuration is wrong.</exception>
    public async Task<T> ConfigurationsAsync<T>(
        long userId, string login, RepositoryFacts repository, string? reference, Func<string, T> look, CancellationToken cancellationToken)
    {
        await _configurationsAtOnce.WaitAsync(cancellationToken);
        try
        {
            return await RunAsync(
                userId, login, repository, reference, checkout => Task.FromResult(look(checkout)), Configurations,
                (_, _) => Task.CompletedTask, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FaultException(FaultKind.Repository, $"{repository.FullName} cannot be read: {exception.Message}", exception);
        }
        finally
        {
            _configurationsAtOnce.Release();
        }
    }

    public void Dispose() => _configurationsAtOnce.Dispose();

    private async Task<T> RunAsync<T>(
        long userId, string login, RepositoryFacts repository, string? reference, Func<string, Task<T>> look, IReadOnlyList<string> only,
        Func<RepositoryRow, SubmoduleRequest, Task> more, CancellationToken cancellationToken)
    {
        var row = await db.ReadAsync(session => RepositoryTable.FindAsync(session, repository.Id), cancellationToken);
        var url = row?.CloneUrl ?? throw CloneRepository.NoUrl(repository.FullName);
        var credential = await credentials.ForAsync(repository.Id, userId, login, url, cancellationToken);
        await DeleteForgottenAsync(cancellationToken);
        var id = RandomNumberGenerator.GetInt32(int.MaxValue);
        var folders = new CodespaceFolders(options.DataPath, $"{Prefix}{id:x8}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        try
        {
            folders.Prepare();
            await filesystems.MountAsync(folders, CloneRepository.MaxNewestBytes, cancellationToken, MaxFiles);
            var view = SandboxView.Of(folders, host.Name, id) with { Home = folders.GitHome };
            await clone.NewestAsync(url, reference, folders.CloneInProgress, view, credential, only, cancellationToken);
            await more(row, new SubmoduleRequest(url, folders.CloneInProgress, view, credential));
            return await look(folders.CloneInProgress);
        }
        catch (FaultException fault) when (fault.Message.Contains("No space left on device", StringComparison.Ordinal))
        {
            throw new FaultException(
                FaultKind.Repository,
                $"{repository.FullName} has more than {MaxFiles} files or {CloneRepository.MaxNewestBytes >> 30} GiB, too much for a look "
                    + "at it; a codespace of it has its machine's disk",
                fault);
        }
        finally
        {
            await filesystems.UnmountAsync(folders, CancellationToken.None);
            folders.Delete();
        }
    }

    /// <summary>Clones submodules as a start does, but reports only what is missing.</summary>
    private async Task SubmodulesAsync(
        long userId, string login, RepositoryRow row, SubmoduleRequest request, Func<string, bool?> wanted, Action<string> say,
        CancellationToken cancellationToken)
    {
        if (!CloneSubmodules.HasAny(request.Checkout))
        {
            return;
        }

        if (!(wanted(request.Checkout) ?? row.Submodules))
        {
            say(CloneSubmodules.NotCloned($"{row.OwnerLogin}/{row.Name}"));
            return;
        }

        if (!row.Submodules)
        {
            request = request with { Credential = await credentials.OwnAsync(row.Id, userId, login, request.Url, cancellationToken) };
        }

        await submodules.RunAsync(
            request,
            line =>
            {
                if (line.StartsWith("the submodule ", StringComparison.Ordinal))
                {
                    say(line);
                }
            },
            cancellationToken);
    }

    /// <summary>Deletes what servers left that were killed during a look.</summary>
    private async Task DeleteForgottenAsync(CancellationToken cancellationToken)
    {
        var all = new DirectoryInfo(Path.Combine(options.DataPath, "codespaces"));
        if (!all.Exists)
        {
            return;
        }

        foreach (var old in all.EnumerateDirectories(Prefix + "*")
            .Where(folder => time.GetUtcNow().UtcDateTime - folder.CreationTimeUtc > Forgotten))
        {
            var folders = new CodespaceFolders(options.DataPath, old.Name);
            await filesystems.UnmountAsync(folders, cancellationToken);
            folders.Delete();
        }
    }
}
