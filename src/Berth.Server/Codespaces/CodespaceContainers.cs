using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>A container of this host on the engine.</summary>
/// <param name="Codespace">The name of the codespace that it was made for, which may be gone; null: Berth did not make it.</param>
internal sealed record OwnedContainer(EngineListed Container, string? Codespace);

/// <summary>
/// The containers of codespaces: made here, and found by what was written down when they were made. A container that no record knows, since
/// the server ended between the two, is known by the secret of its start. Labels serve to look among fewer.
/// </summary>
internal sealed class CodespaceContainers(
    Db db, IContainerEngine engine, CodespaceHost host, ContainerLayers layers, ImageVolumes volumes)
{
    /// <summary>A new one for each start; nobody but the engine and this server sees it.</summary>
    public static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What every container of this start carries, and every image's word for it is overwritten with.</summary>
    public async Task<IReadOnlyDictionary<string, string>> LabelsAsync(
        Codespace codespace, string role, CancellationToken cancellationToken)
    {
        var secret = await db.ReadAsync(session => CodespaceContainerTable.SecretAsync(session, codespace), cancellationToken)
            ?? throw new InvalidOperationException($"{codespace.Name} makes a container outside of a start");
        return BerthLabels.Over(
            (BerthLabels.Codespace, codespace.Name), (BerthLabels.Host, host.Name), (BerthLabels.Role, role), (BerthLabels.Start, secret));
    }

    /// <summary>It has not run yet, and whatever it will write lies on the codespace's own disk.</summary>
    /// <param name="body">Of the engine's call; it gets Berth's labels.</param>
    /// <param name="others">Containers whose images' volumes it has as well.</param>
    /// <returns>The container's id.</returns>
    public async Task<string> CreateAsync(
        Codespace codespace, string name, string role, JsonObject body, IReadOnlyList<VolumesOf> others,
        CancellationToken cancellationToken)
    {
        var runs = role != ContainerRole.Users;
        if (runs)
        {
            await volumes.AddAsync(codespace, host.Folders(codespace), name, body, others, LabelsOf(codespace), cancellationToken);
        }

        var labels = body["Labels"] as JsonObject ?? [];
        foreach (var (label, value) in await LabelsAsync(codespace, role, cancellationToken))
        {
            labels[label] = value;
        }

        body["Labels"] = labels.Parent is null ? labels : labels.DeepClone();
        var id = await engine.CreateContainerAsync(name, body, cancellationToken);
        await RecordAsync(codespace, id, role, cancellationToken);
        if (runs)
        {
            await layers.PlaceAsync(host.Folders(codespace), id, cancellationToken);
        }

        return id;
    }

    /// <summary>The engine has just made it, for this codespace.</summary>
    public Task RecordAsync(Codespace codespace, string container, string role, CancellationToken cancellationToken) =>
        db.WriteAsync(session => CodespaceContainerTable.RecordAsync(session, codespace, container, role), cancellationToken);

    /// <summary>All that were made for it; some may be gone from the engine.</summary>
    public async Task<IReadOnlyList<RecordedContainer>> OfAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        var (recorded, secrets) = await db.ReadAsync(
            async session => (
                await CodespaceContainerTable.OfAsync(session, codespace), await CodespaceContainerTable.SecretsAsync(session, codespace)),
            cancellationToken);
        foreach (var container in await engine.ContainersAsync(LabelsOf(codespace), cancellationToken))
        {
            var secret = container.Labels.GetValueOrDefault(BerthLabels.Start, "");
            if (recorded.TrueForAll(known => known.ContainerId != container.Id)
                && (secrets.Contains(secret) || IsOfEarlierRelease(container, codespace.Name)))
            {
                var found = new RecordedContainer
                {
                    ContainerId = container.Id,
                    Role = container.Labels.GetValueOrDefault(BerthLabels.Role, ContainerRole.Users),
                };
                await RecordAsync(codespace, found.ContainerId, found.Role, cancellationToken);
                recorded.Add(found);
            }
        }

        return recorded;
    }

    /// <summary>Null when it is gone. By the id of the codespace's row.</summary>
    public async Task<EngineContainer?> FindAsync(Codespace codespace, CancellationToken cancellationToken) =>
        codespace.ContainerId is { } id ? await engine.ContainerAsync(id, cancellationToken) : null;

    /// <summary>With its anonymous volumes. A container that is gone is fine.</summary>
    public async Task RemoveAsync(string container, CancellationToken cancellationToken)
    {
        await engine.RemoveAsync(container, cancellationToken);
        await db.WriteAsync(session => CodespaceContainerTable.ForgetAsync(session, container), cancellationToken);
    }

    /// <summary>Every container on the engine that says that it is of this host, with the codespace whose it is.</summary>
    public async Task<IReadOnlyList<OwnedContainer>> OfHostAsync(CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { [BerthLabels.Host] = host.Name };
        var all = await engine.ContainersAsync(labels, cancellationToken);

        // In this order: what is made meanwhile is not in the list, and its record is no miss.
        var owners = await db.ReadAsync(session => CodespaceContainerTable.OwnersAsync(session, host.Name), cancellationToken);
        return [.. all.Select(container => new OwnedContainer(container, OwnerOf(container, owners)))];
    }

    private static string? OwnerOf(EngineListed container, Dictionary<string, string> owners) =>
        owners.GetValueOrDefault(container.Id)
            ?? owners.GetValueOrDefault(container.Labels.GetValueOrDefault(BerthLabels.Start, ""))
            ?? (container.Labels.GetValueOrDefault(BerthLabels.Codespace) is { } said && IsOfEarlierRelease(container, said) ? said : null);

    /// <summary>
    /// What a codespace's containers and volumes carry. That a container carries it does not say that it is the codespace's; a volume's
    /// labels are the server's own words.
    /// </summary>
    public Dictionary<string, string> LabelsOf(Codespace codespace) =>
        new(StringComparer.Ordinal) { [BerthLabels.Codespace] = codespace.Name, [BerthLabels.Host] = host.Name };

    /// <summary>
    /// Releases before this wrote no secret. Their containers are known by their names: whoever asks the engine for a container gives it
    /// one, which neither an image nor a Dockerfile can, and the engine gives each once.
    /// </summary>
    private static bool IsOfEarlierRelease(EngineListed container, string codespace) =>
        !container.Labels.ContainsKey(BerthLabels.Start)
            && (container.Name == EngineNames.ContainerOf(codespace)
                || container.Name.StartsWith(EngineNames.ContainerOf(codespace) + ".", StringComparison.Ordinal));
}
