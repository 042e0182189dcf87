using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>
/// What a repository's files are refused for. Reading goes on behind most of it, so that a person learns everything at once; what has
/// refusals is never built or started.
/// </summary>
internal sealed class Refusals
{
    /// <summary>Nobody reads more, and every one may be as long as a line of the repository.</summary>
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

    /// <summary>Reads one part; when it is refused, the parts beside it are read all the same.</summary>
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

    /// <returns>Nothing when it is refused.</returns>
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

    /// <exception cref="FaultException">There is one at least; with several the message has all.</exception>
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
