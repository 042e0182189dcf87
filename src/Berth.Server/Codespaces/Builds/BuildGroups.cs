using System.Collections.Concurrent;
using System.Security.Cryptography;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// Control groups for builds. The engine puts every container of a build below the group that the call names, so that the limit of the
/// group holds for all of them from their first process on, and a container's group says which build it belongs to.
/// </summary>
internal sealed class BuildGroups(CodespaceHost host)
{
    private readonly ConcurrentDictionary<string, byte> _open = new(StringComparer.Ordinal);

    private readonly Lazy<string> _prefix = new(() => ControlGroups.Prefix("build", host.Name));

    /// <param name="bySystemd">The engine lets systemd make its groups. Then only the engine's own limits hold.</param>
    /// <param name="processes">The limit for all containers of the build together.</param>
    public BuildGroup Open(bool bySystemd, int processes)
    {
        var name = _prefix.Value + RandomNumberGenerator.GetHexString(16, lowercase: true);
        _open[name] = 0;
        RemoveLeftOver();
        if (!bySystemd)
        {
            Limit(name, processes);
        }

        return new BuildGroup(bySystemd ? name + ".slice" : "/" + name, () => Close(name));
    }

    private void Close(string name)
    {
        _open.TryRemove(name, out _);
        RemoveLeftOver();
    }

    /// <summary>
    /// Sets the limit. If the server may not change the machine's groups, only the engine's limit of each container holds.
    /// </summary>
    private static void Limit(string name, int processes)
    {
        try
        {
            ControlGroups.Make(name, "pids");
            ControlGroups.Limit(name, processes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // This machine's groups cannot be changed.
        }
    }

    /// <summary>
    /// Removes the groups of builds that have ended, also those from before the server was killed. The engine removes only the containers'
    /// own groups, in every hierarchy. A group that still has a process cannot be removed now, and is removed another time.
    /// </summary>
    public void RemoveLeftOver()
    {
        foreach (var group in ControlGroups.Find(_prefix.Value)
            .Where(group => !_open.ContainsKey(Path.GetFileName(group))))
        {
            try
            {
                Directory.Delete(group);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A process still runs in it.
            }
        }
    }
}

/// <summary>The control group of one build.</summary>
internal sealed record BuildGroup(string Name, Action Close) : IDisposable
{
    public void Dispose() => Close();
}
