using System.Text.Json.Nodes;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// What Berth asks of a container engine, in the engine's own words: it knows no codespace. A call that the engine refuses, or that it does
/// not answer, is an <see cref="EngineException"/>.
/// </summary>
internal interface IContainerEngine : IEngineImages, IEngineContainers, IEngineProcesses, IEngineNetworks, IEngineVolumes
{
    /// <summary>Null when the engine answers, else why it does not.</summary>
    Task<string?> UnavailableAsync(CancellationToken cancellationToken);

    /// <summary>What its containers run on, as <c>linux/amd64</c>.</summary>
    Task<Platform> PlatformAsync(CancellationToken cancellationToken);

    /// <summary>The engine counts all that it has for its answer: a start asks once.</summary>
    Task<EngineFacts> FactsAsync(CancellationToken cancellationToken);

    /// <summary>A mount that this server makes is there for the engine too.</summary>
    Task<bool> SharesMountsAsync(CancellationToken cancellationToken);
}

/// <summary>Images on the engine: pulled, built, looked at, removed.</summary>
internal interface IEngineImages
{
    /// <summary>Pulls one digest.</summary>
    /// <param name="repository">Registry and path, without tag.</param>
    /// <param name="credential">Null pulls anonymously.</param>
    Task PullAsync(
        string repository, Digest digest, RegistryCredential? credential, Action<PullProgress> progress,
        CancellationToken cancellationToken);

    /// <summary>Builds with the engine's own builder.</summary>
    /// <returns>The image's id.</returns>
    Task<string> BuildAsync(
        EngineBuild build, Func<Stream, CancellationToken, Task> writeContext, Action<string> log, CancellationToken cancellationToken);

    /// <summary>Makes an image of what a container has written, which may run on or not.</summary>
    /// <param name="name">With its tag; whatever had it before has it no more.</param>
    /// <param name="labels">Of the image, over the container's.</param>
    Task CommitAsync(string container, string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Null when the engine does not have it.</summary>
    Task<EngineImage?> ImageAsync(string reference, CancellationToken cancellationToken);

    /// <summary>The images that carry the label, those that are only layers of others left out.</summary>
    /// <param name="label">NAME=VALUE, or a NAME with whatever value.</param>
    Task<IReadOnlyList<EngineListedImage>> LabelledImagesAsync(string label, CancellationToken cancellationToken);

    /// <summary>By a pattern of their names without tag: <c>registry/owner/*</c>.</summary>
    Task<IReadOnlyList<EngineListedImage>> NamedImagesAsync(string pattern, CancellationToken cancellationToken);

    /// <summary>
    /// The text of a file in an image; null when there is no such file, or it is larger. Of an image, since the engine may be asked for the
    /// files of no container that has run: it mounts that container's volumes again, at paths that a program inside exchanges meanwhile.
    /// </summary>
    /// <param name="container">Name of the container that is made for it, never runs, and is removed.</param>
    Task<string?> ReadFileAsync(
        string image, string path, int maxBytes, string container, IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>With the layers below it that nothing else uses. An image that is gone is fine.</summary>
    /// <returns>False when something uses it: it stays.</returns>
    Task<bool> RemoveImageAsync(string image, CancellationToken cancellationToken);
}

/// <summary>Containers: made, started, stopped, limited, looked into.</summary>
internal interface IEngineContainers
{
    /// <returns>The container's id.</returns>
    Task<string> CreateContainerAsync(string name, JsonObject body, CancellationToken cancellationToken);

    /// <summary>Null when there is none of that name or id.</summary>
    Task<EngineContainer?> ContainerAsync(string nameOrId, CancellationToken cancellationToken);

    /// <summary>All containers, running or not, that carry every one of the labels.</summary>
    Task<IReadOnlyList<EngineListed>> ContainersAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    Task StartAsync(string id, CancellationToken cancellationToken);

    /// <summary>Ends its main process, by force after <paramref name="grace"/>. A container that is stopped or gone is fine.</summary>
    Task StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>A container that is gone is fine, and so is one that has the name.</summary>
    Task RenameAsync(string id, string name, CancellationToken cancellationToken);

    /// <summary>With its anonymous volumes. A container that is gone is fine.</summary>
    Task RemoveAsync(string id, CancellationToken cancellationToken);

    /// <summary>What a container may use from now on, running or not.</summary>
    Task LimitAsync(string id, double cpus, long memoryBytes, int processes, CancellationToken cancellationToken);

    /// <summary>Running or not yet. A container that is gone is fine.</summary>
    Task LimitProcessesAsync(string id, int processes, CancellationToken cancellationToken);

    /// <summary>Bytes in the container's own layer, null when it is gone. The engine counts file by file.</summary>
    Task<long?> WrittenAsync(string id, CancellationToken cancellationToken);

    /// <summary>The last lines that a container printed.</summary>
    Task<IReadOnlyList<string>> LastLinesAsync(string nameOrId, int count, CancellationToken cancellationToken);

    /// <summary>
    /// Ids of containers that are made from now on, whoever does it, until the reading is cancelled or the engine ends it.
    /// </summary>
    Task<IAsyncEnumerable<string>> CreationsAsync(CancellationToken cancellationToken);
}

/// <summary>Processes in a container beside its main one.</summary>
internal interface IEngineProcesses
{
    Task<IEngineProcess> RunAsync(string container, EngineCommand command, CancellationToken cancellationToken);
}

/// <summary>Networks of containers.</summary>
internal interface IEngineNetworks
{
    Task<IReadOnlyList<EngineNetwork>> NetworksAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A bridge without IPv6, in which containers reach each other. Refused when the name is taken, or the addresses overlap with another
    /// network's.
    /// </summary>
    Task CreateNetworkAsync(
        string name, string bridge, string subnet, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>A network that is gone is fine.</summary>
    Task RemoveNetworkAsync(string id, CancellationToken cancellationToken);
}

/// <summary>Volumes that containers share.</summary>
internal interface IEngineVolumes
{
    /// <summary>A volume that is a folder of the host; one that exists stays as it is.</summary>
    Task CreateVolumeAsync(string name, string folder, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    Task<IReadOnlyList<string>> VolumesAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>A volume that is gone is fine.</summary>
    Task RemoveVolumeAsync(string name, CancellationToken cancellationToken);
}
