using System.Collections.Concurrent;

namespace Berth.Server.Codespaces.Gate;

/// <summary>
/// The containers that the tools of one codespace may see and handle: those on record that people work in, and what they make through the
/// gate. A container's own words about itself count for nothing.
/// </summary>
internal sealed class GateContainers
{
    private readonly ConcurrentDictionary<string, byte> _ids = new(StringComparer.Ordinal);
    private readonly Func<string, CancellationToken, Task> _record = (_, _) => Task.CompletedTask;

    public GateContainers()
    {
    }

    /// <param name="labels">Forced onto every container that is made.</param>
    /// <param name="known">Full ids.</param>
    /// <param name="record">Writes down the id of one that was made.</param>
    public GateContainers(
        IReadOnlyDictionary<string, string> labels, IEnumerable<string> known, Func<string, CancellationToken, Task> record)
    {
        (Labels, _record) = (labels, record);
        foreach (var id in known)
        {
            _ids[id] = 0;
        }
    }

    public IReadOnlyDictionary<string, string> Labels { get; } = new Dictionary<string, string>();

    public bool Contains(string id) => _ids.ContainsKey(id);

    /// <summary>Of the engine's lists; one that names no container where there is none.</summary>
    public IReadOnlyList<string> Filter() => _ids.Keys.Order(StringComparer.Ordinal).ToList() is { Count: > 0 } ids ? ids : ["none"];

    public async Task AddAsync(string id, CancellationToken cancellationToken)
    {
        _ids[id] = 0;
        await _record(id, cancellationToken);
    }
}
