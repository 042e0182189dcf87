using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Networks;

/// <summary>
/// A container of the codespace that holds its network and does nothing else. An engine takes most of a container's start to give it a
/// network; this one gets it while the repository is cloned, and the container that people work in shares it.
/// </summary>
internal sealed class NetworkHolder(IContainerEngine engine, CodespaceNetworks networks, CodespaceContainers containers, CodespaceHost host)
{
    /// <summary>Room for the engine's own process, which begins in the container's limits.</summary>
    private static readonly MachineLimits Limits = new(Cpus: 1, MemoryBytes: 32 << 20, Processes: 64);

    /// <summary>Makes the network where there is none, and what holds it; what an earlier start made goes on.</summary>
    /// <returns>The container; null: the one that people work in has a network of its own.</returns>
    /// <exception cref="FaultException">It cannot be had; the message says why.</exception>
    /// <param name="disk">Ends when the codespace's disk is there, where the files of names lie that both containers have.</param>
    public async Task<string?> EnsureAsync(Codespace codespace, Task disk, CancellationToken cancellationToken)
    {
        await networks.EnsureAsync(codespace, cancellationToken);
        await disk;
        foreach (var earlier in await containers.OfAsync(codespace, cancellationToken))
        {
            if (earlier.Role == ContainerRole.Network)
            {
                // Until somebody has worked in the codespace, its disk may be another one at each start.
                if (codespace.Image is not null && await engine.ContainerAsync(earlier.ContainerId, cancellationToken) is { } present)
                {
                    if (!present.Running)
                    {
                        await engine.StartAsync(earlier.ContainerId, cancellationToken);
                    }

                    return earlier.ContainerId;
                }

                await containers.RemoveAsync(earlier.ContainerId, cancellationToken);
            }
        }

        return codespace.Image is null ? await MakeAsync(codespace, cancellationToken) : null;
    }

    /// <summary>
    /// An engine that refuses a container that has nothing to ask for refuses the next one too, and what it says of that one people
    /// understand.
    /// </summary>
    private async Task<string?> MakeAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        try
        {
            var image = await NetworkHolderImage.EnsureAsync(engine, cancellationToken);
            var plan = new ContainerPlan(image, Limits, new ContainerNetwork.OfCodespace([]))
            {
                User = "65534:65534",
                ReadOnly = true,
                DroppedCapabilities = ["ALL"],

                // To the first process of a container every other signal means nothing.
                StopSignal = "SIGKILL",
            };
            var body = new ContainerPolicy(codespace, host.Folders(codespace)).Write(plan);
            var id = await containers.CreateAsync(
                codespace, EngineNames.NetworkHolderOf(codespace.Name), ContainerRole.Network, body, cancellationToken);
            await engine.StartAsync(id, cancellationToken);
            return id;
        }
        catch (EngineException)
        {
            return null;
        }
    }
}
