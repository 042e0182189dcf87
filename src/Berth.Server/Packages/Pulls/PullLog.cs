using Berth.Server.Access;
using Berth.Server.Audit;

namespace Berth.Server.Packages.Pulls;

/// <summary>One pull of a version.</summary>
internal sealed record PullRecord(DateTimeOffset At, ChangeActor Actor, AuditEntry Entry);

/// <summary>
/// Remembers who pulled what until <see cref="WritePulls"/> writes it to the audit log, so that a pull itself writes nothing. It remembers
/// nothing unless the operator has asked for it. It holds at most <see cref="Most"/> pulls. Further ones are only counted.
/// </summary>
internal sealed class PullLog(AuditOptions options, TimeProvider time)
{
    /// <summary>About twenty megabytes, and a few seconds of writing.</summary>
    public const int Most = 50_000;

    private readonly Lock _lock = new();
    private List<PullRecord> _pulls = [];
    private long _dropped;

    /// <param name="version">A digest, or an npm version's number.</param>
    /// <param name="reference">What was asked for: the version's name, or a tag.</param>
    public void Pulled(ChangeActor actor, PackageSubject package, string version, string reference)
    {
        if (!options.AuditPulls)
        {
            return;
        }

        var entry = new AuditEntry(AuditTable.Download)
        {
            OwnerId = package.Owner?.Id,
            Owner = package.Owner?.Login,
            RepositoryId = package.Linked?.Id,
            Repository = package.Linked?.FullName,
            Package = package.Address,
            Version = version,
            Tag = reference == version ? null : reference,
        };
        Add([new PullRecord(time.GetUtcNow(), actor, entry)]);
    }

    /// <summary>Takes all waiting pulls, and how many more there were.</summary>
    public (IReadOnlyList<PullRecord> Pulls, long Dropped) Take()
    {
        lock (_lock)
        {
            var taken = (_pulls, _dropped);
            (_pulls, _dropped) = ([], 0);
            return taken;
        }
    }

    /// <summary>Puts back pulls that could not be written.</summary>
    public void PutBack(IReadOnlyCollection<PullRecord> pulls, long dropped)
    {
        lock (_lock)
        {
            _dropped += dropped;
            Add(pulls);
        }
    }

    private void Add(IReadOnlyCollection<PullRecord> pulls)
    {
        lock (_lock)
        {
            var fit = Math.Min(pulls.Count, Most - _pulls.Count);
            _pulls.AddRange(fit == pulls.Count ? pulls : pulls.Take(fit));
            _dropped += pulls.Count - fit;
        }
    }
}
