using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Git;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>
/// Asks git about the state of a workspace. It does so only inside the container, since a workspace's configuration can make git run
/// programs. If the image has no git, the state is unknown.
/// </summary>
internal sealed class GitStatus(Db db, IContainerEngine engine, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);
    private readonly ConcurrentDictionary<long, DateTimeOffset> _asked = new();
    private readonly ConcurrentDictionary<long, bool> _first = new();

    /// <summary>What is known of a workspace; null: not known.</summary>
    public sealed record Known(string? Ref, long? Ahead, long? Behind, bool? Uncommitted);

    /// <summary>Looks at the workspace and stores what it finds, unless it did so just now.</summary>
    /// <returns>The codespace with what is known.</returns>
    public async Task<Codespace> RefreshAsync(Codespace codespace, bool always, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (codespace is not { ContainerId: { } container, WorkspaceFolder: { } folder }
            || codespace.State is not (CodespaceState.Available or CodespaceState.ShuttingDown)
            || (!always && _first.ContainsKey(codespace.Id))
            || (!always && _asked.TryGetValue(codespace.Id, out var last) && now - last < Fresh))
        {
            return codespace;
        }

        _asked[codespace.Id] = now;
        return await LookAsync(codespace, container, folder, cancellationToken);
    }

    /// <summary>
    /// Begins the first look after a start, before people can see that the codespace is available. They do not have to wait for git as
    /// well.
    /// </summary>
    public FirstLook BeginFirst(Codespace codespace)
    {
        _first[codespace.Id] = true;
        return new FirstLook(this, codespace);
    }

    private async Task<Codespace> LookAsync(Codespace codespace, string container, string folder, CancellationToken cancellationToken)
    {
        if (await AskAsync(container, codespace.RemoteUser ?? "", folder, cancellationToken) is not { } known)
        {
            return codespace;
        }

        await db.WriteAsync(session => CodespaceTable.GitStatusAsync(session, codespace.Id, known), cancellationToken);
        return codespace with
        {
            GitRef = known.Ref,
            GitAhead = known.Ahead,
            GitBehind = known.Behind,
            GitUncommitted = known.Uncommitted,
            GitUnpushed = known.Ahead is { } ahead ? ahead > 0 : null,
        };
    }

    /// <summary>
    /// Parses the output of <c>git status --porcelain=v2 --branch</c> (git-status(1)). Null when it is something else. Any program that the
    /// codespace calls git may have written it, and no stop may fail because of that.
    /// </summary>
    internal static Known? Parse(string output)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string? Header(string name) =>
            lines.FirstOrDefault(line => line.StartsWith($"# branch.{name} ", StringComparison.Ordinal))?[(name.Length + 10)..];
        if (Header("head") is not { } head)
        {
            return null;
        }

        var counts = Header("ab")?.Split(' ');
        long? Count(int index) =>
            counts is { Length: 2 }
                && long.TryParse(counts[index].TrimStart('+', '-'), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                ? count
                : null;
        return new Known(
            GitReference.IsName(head) && head is not "(detached)" ? head : null, Count(0), Count(1),
            Array.Exists(lines, line => !line.StartsWith('#')));
    }

    private async Task<Known?> AskAsync(string container, string user, string folder, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var command = new EngineCommand(["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch"], user, folder)
        {
            Errors = false,
        };
        try
        {
            await using var process = await engine.RunAsync(container, command, limit.Token);
            var output = new StringBuilder();
            await process.ReadAsync(
                (_, piece) =>
                {
                    if (output.Length < 64 * 1024)
                    {
                        output.Append(Encoding.UTF8.GetString(piece.Span));
                    }

                    return Task.CompletedTask;
                },
                limit.Token);
            return await process.ExitCodeAsync(time, limit.Token) == 0 ? Parse(output.ToString()) : null;
        }
        catch (Exception exception)
            when (exception is EngineException or IOException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Until this look ends or is disposed, no other look begins.</summary>
    public sealed class FirstLook(GitStatus git, Codespace codespace) : IDisposable
    {
        public async Task RunAsync(CancellationToken cancellationToken)
        {
            using (this)
            {
                if (codespace is { IsPrebuild: false, ContainerId: { } container, WorkspaceFolder: { } folder })
                {
                    await git.LookAsync(codespace, container, folder, cancellationToken);
                }
            }
        }

        public void Dispose() => git._first.TryRemove(codespace.Id, out _);
    }
}
