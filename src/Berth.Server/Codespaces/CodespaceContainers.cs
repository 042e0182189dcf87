using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Database;

namespace Berth.Server.Codespaces;

/// <summary>A container of this host on the engine.</summary>
/// <param name="Codespace">Null: Berth did not make the container. The codespace may be gone.</param>
internal sealed record OwnedContainer(EngineListed Container, string? Codespace);

/// <summary>
/// Makes the containers of codespaces, and finds them by the records written when they were made. If the server ended before it wrote the
/// record, the container is known by the secret of its start. Labels only make the search shorter.
/// </summary>
internal sealed class CodespaceContainers(
    Db db, IContainerEngine engine, CodespaceHost host, ContainerLayers layers, ImageVolumes volumes)
{
    /// <summary>Makes a new secret for a start. Only the engine and this server see it.</summary>
    public static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The labels that every container of this start carries. They overwrite those of the image.</summary>
    public async Task<IReadOnlyDictionary<string, string>> LabelsAsync(
        Codespace codespace, string role, CancellationToken cancellationToken)
    {
        var secret = await db.ReadAsync(session => CodespaceContainerTable.SecretAsync(session, codespace), cancellationToken)
            ?? throw new InvalidOperationException($"{codespace.Name} makes a container outside of a start");
        return BerthLabels.Over(
            (BerthLabels.Codespace, codespace.Name), (BerthLabels.Host, host.Name), (BerthLabels.Role, role), (BerthLabels.Start, secret));
    }

    /// <summary>Makes a container that does not run yet. Everything it will write lies on the codespace's own disk.</summary>
    /// <param name="body">Berth's labels are added to it.</param>
    /// <param name="others">Containers whose images' volumes the new container has as well.</param>
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

    /// <summary>Records a container that the engine has just made for this codespace.</summary>
    public Task RecordAsync(Codespace codespace, string container, string role, CancellationToken cancellationToken) =>
        db.WriteAsync(session => CodespaceContainerTable.RecordAsync(session, codespace, container, role), cancellationToken);

    /// <summary>All containers that were made for the codespace. Some may be gone from the engine.</summary>
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

    /// <summary>Finds the codespace's container by the id in its row. Null when it is gone.</summary>
    public async Task<EngineContainer?> FindAsync(Codespace codespace, CancellationToken cancellationToken) =>
        codespace.ContainerId is { } id ? await engine.ContainerAsync(id, cancellationToken) : null;

    /// <summary>Removes a container with its anonymous volumes. It is no error when the container is gone.</summary>
    public async Task RemoveAsync(string container, CancellationToken cancellationToken)
    {
        await engine.RemoveAsync(container, cancellationToken);
        await db.WriteAsync(session => CodespaceContainerTable.ForgetAsync(session, container), cancellationToken);
    }

    /// <summary>Every container on the engine with this host's label, and the codespace that it belongs to.</summary>
    public async Task<IReadOnlyList<OwnedContainer>> OfHostAsync(CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { [BerthLabels.Host] = host.Name };
        var all = await engine.ContainersAsync(labels, cancellationToken);

        // The engine first, then the records: a container made in between is not in the list, so its record is not missed.
        var owners = await db.ReadAsync(session => CodespaceContainerTable.OwnersAsync(session, host.Name), cancellationToken);
        return [.. all.Select(container => new OwnedContainer(container, OwnerOf(container, owners)))];
    }

    private static string? OwnerOf(EngineListed container, Dictionary<string, string> owners) =>
        owners.GetValueOrDefault(container.Id)
            ?? owners.GetValueOrDefault(container.Labels.GetValueOrDefault(BerthLabels.Start, ""))
            ?? (container.Labels.GetValueOrDefault(BerthLabels.Codespace) is { } said && IsOfEarlierRelease(container, said) ? said : null);

    /// <summary>
    /// The labels of a codespace's containers and volumes. On a container they do not prove that it belongs to the codespace, since anybody
    /// can write them. On a volume only the server writes them.
    /// </summary>
    public Dictionary<string, string> LabelsOf(Codespace codespace) =>
        new(StringComparer.Ordinal) { [BerthLabels.Codespace] = codespace.Name, [BerthLabels.Host] = host.Name };

    /// <summary>
    /// Earlier releases wrote no secret, so their containers are known by their names. Only whoever asks the engine for a container chooses
    /// its name, never an image or a Dockerfile, and the engine gives each name only once.
    /// </summary>
    private static bool IsOfEarlierRelease(EngineListed container, string codespace) =>
        !container.Labels.ContainsKey(BerthLabels.Start)
            && (container.Name == EngineNames.ContainerOf(codespace)
                || container.Name.StartsWith(EngineNames.ContainerOf(codespace) + ".", StringComparison.Ordinal));
}
