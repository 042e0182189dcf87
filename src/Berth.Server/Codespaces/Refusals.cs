using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>
/// The reasons why a repository's files are refused. After most of them reading goes on, so that a person learns all of them at once.
/// Nothing is built or started when there is one.
/// </summary>
internal sealed class Refusals
{
    /// <summary>The most refusals that are kept. Nobody reads more, and each may be as long as a line of the repository.</summary>
    private const int Most = 100;

    private readonly List<Fault> _all = [];

    public IReadOnlyList<Fault> All => _all;

    public void Add(FaultException refusal)
    {
        if (refusal is LimitException)
        {
            throw refusal;
        }

        if (_all.Count < Most && !_all.Contains(refusal.Fault))
        {
            _all.Add(refusal.Fault);
        }
    }

    /// <summary>Reads one part. When it is refused, the parts beside it are still read.</summary>
    public void Try(Action read)
    {
        try
        {
            read();
        }
        catch (FaultException refusal)
        {
            Add(refusal);
        }
    }

    /// <returns>The default value when the part is refused.</returns>
    public T? Try<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (FaultException refusal)
        {
            Add(refusal);
            return default;
        }
    }

    /// <exception cref="FaultException">There is at least one refusal. The message has all of them.</exception>
    public void ThrowIfAny()
    {
        if (_all.Count > 0)
        {
            throw new FaultException(
                _all.Count == 1
                    ? _all[0]
                    : new Fault(_all[0].Kind, $"{_all.Count} things are refused: {string.Join("; ", _all)}"));
        }
    }
}
