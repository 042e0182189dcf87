using System.Collections.Concurrent;
using Berth.Client.Wire;
using Berth.Server.Registries;

namespace Berth.Server.Secrets.RegistryChecks;

/// <summary>
/// Checks a set when a secret completes or changes it, so that its owner learns at once whether it works. The results stay in memory for
/// some minutes. If somebody asks for one later or on another node, the check runs again.
/// </summary>
internal sealed class CompletedLogins(CodespaceSecrets secrets, CheckRegistry check, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int Most = 500;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<(SecretOwner Owner, string Prefix), Running> _running = new();

    private sealed record Running(string Version, DateTimeOffset At, Task<RegistryCheckReport> Check);

    /// <summary>
    /// Call after a secret was stored. Begins the check of its set. Returns false when the secret belongs to no set, or to an incomplete
    /// one.
    /// </summary>
    public async Task<bool> BeginAsync(SecretOwner owner, SecretName name, CancellationToken cancellationToken)
    {
        if (ResolveLogins.PrefixOf(name.Value) is not { } prefix)
        {
            return false;
        }

        var resolved = await secrets.OfOwnerAsync(owner, prefix, cancellationToken);
        if (resolved.Counting.Count == 0)
        {
            return false;
        }

        _ = Begin(owner, prefix, resolved);
        return true;
    }

    /// <summary>The result for the present set. Waits for the running check, or runs one.</summary>
    public async Task<RegistryCheckReport> ResultAsync(SecretOwner owner, string prefix, CancellationToken cancellationToken)
    {
        var resolved = await secrets.OfOwnerAsync(owner, prefix, cancellationToken);
        return await Begin(owner, prefix, resolved).WaitAsync(cancellationToken);
    }

    private Task<RegistryCheckReport> Begin(SecretOwner owner, string prefix, ResolvedLogins resolved)
    {
        var now = time.GetUtcNow();
        var version = resolved.Counting is [var set, ..] ? set.Version : "";
        if (_running.TryGetValue((owner, prefix), out var known)
            && known.Version == version
            && version.Length > 0
            && now - known.At < Kept
            && !known.Check.IsFaulted)
        {
            return known.Check;
        }

        if (_running.Count >= Most)
        {
            foreach (var (key, old) in _running)
            {
                if (now - old.At >= Kept || _running.Count >= Most)
                {
                    _running.TryRemove(key, out _);
                }
            }
        }

        var running = new Running(version, now, check.SetsAsync(resolved, resolved.Report, null, null, lifetime.ApplicationStopping));
        _running[(owner, prefix)] = running;
        return running.Check;
    }
}
