using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Compose;

/// <summary>
/// Finds services from whose images others are built (<c>additional_contexts: { NAME: "service:OTHER" }</c>), and that do not run
/// themselves.
/// </summary>
internal sealed class BuildSources(
    Checkout checkout, ComposeMap all, ServiceReader reader, IReadOnlyDictionary<string, ComposeService> running, int most)
{
    private readonly Dictionary<string, ComposeService> _found = new(StringComparer.Ordinal);
    private readonly HashSet<string> _settled = new(StringComparer.Ordinal);
    private readonly List<string> _open = [];

    public IReadOnlyList<ComposeService> Find()
    {
        foreach (var service in running.Values)
        {
            _open.Clear();
            checkout.Refusals.Try(() => Settle(service));
        }

        return [.. _found.Values];
    }

    private void Settle(ComposeService service)
    {
        if (_settled.Contains(service.Name))
        {
            return;
        }

        if (_open.Contains(service.Name))
        {
            throw all[service.Name]!.Fault(
                $"the services {string.Join(", ", _open)} are built from each other in a circle (build.additional_contexts)");
        }

        _open.Add(service.Name);
        foreach (var name in service.Build?.Services ?? [])
        {
            if (!running.TryGetValue(name, out var source) && !_found.TryGetValue(name, out source))
            {
                var map = (ComposeMap)all[name]!;
                checkout.Budget.Count("services", most, map.Place);
                source = _found[name] = reader.ReadImage(name, map);
            }

            Settle(source);
        }

        _open.Remove(service.Name);
        _settled.Add(service.Name);
    }
}
