using System.Text.Json.Nodes;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Engine;

/// <summary>
/// The calls that Berth makes to a container engine, in the engine's own terms, without anything about codespaces. A call that the engine
/// refuses or does not answer throws an <see cref="EngineException"/>.
/// </summary>
internal interface IContainerEngine : IEngineImages, IEngineContainers, IEngineProcesses, IEngineNetworks, IEngineVolumes
{
    /// <summary>Null when the engine answers, else why it does not.</summary>
    Task<string?> UnavailableAsync(CancellationToken cancellationToken);

    /// <summary>The platform of its containers, such as <c>linux/amd64</c>.</summary>
    Task<Platform> PlatformAsync(CancellationToken cancellationToken);

    /// <summary>Facts about the engine, at most ten seconds old.</summary>
    Task<EngineFacts> FactsAsync(CancellationToken cancellationToken);

    /// <summary>True when the engine sees mounts that this server makes.</summary>
    Task<bool> SharesMountsAsync(CancellationToken cancellationToken);
}

/// <summary>The engine's images: pull, build, inspect, remove.</summary>
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

    /// <summary>Makes an image from what a container has written. The container may be running.</summary>
    /// <param name="name">The image's name with its tag. An image that had this name loses it.</param>
    /// <param name="labels">Labels of the image. They replace those of the container.</param>
    Task CommitAsync(string container, string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Null when the engine does not have it.</summary>
    Task<EngineImage?> ImageAsync(string reference, CancellationToken cancellationToken);

    /// <summary>The images that carry the label, those that are only layers of others left out.</summary>
    /// <param name="label">NAME=VALUE, or a NAME with whatever value.</param>
    Task<IReadOnlyList<EngineListedImage>> LabelledImagesAsync(string label, CancellationToken cancellationToken);

    /// <summary>Finds images by a pattern of their names without tag: <c>registry/owner/*</c>.</summary>
    Task<IReadOnlyList<EngineListedImage>> NamedImagesAsync(string pattern, CancellationToken cancellationToken);

    /// <summary>
    /// Reads the text of a file in an image. Null when there is no such file, or it is larger. The engine must not be asked for files of a
    /// container that has run: it mounts that container's volumes again, at paths that a program inside can exchange meanwhile.
    /// </summary>
    /// <param name="container">The name of a container that is made for this, never runs, and is removed.</param>
    Task<string?> ReadFileAsync(
        string image, string path, int maxBytes, string container, IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken);

    /// <summary>Removes an image, with the layers below it that nothing else uses. It is no error when the image is gone.</summary>
    /// <returns>False when something uses the image, and it stays.</returns>
    Task<bool> RemoveImageAsync(string image, CancellationToken cancellationToken);
}

/// <summary>The engine's containers: make, start, stop, limit, inspect.</summary>
internal interface IEngineContainers
{
    /// <returns>The container's id.</returns>
    Task<string> CreateContainerAsync(string name, JsonObject body, CancellationToken cancellationToken);

    /// <summary>Finds a container. Null when there is none of that name or id.</summary>
    Task<EngineContainer?> ContainerAsync(string nameOrId, CancellationToken cancellationToken);

    /// <summary>All containers, running or not, that carry every one of the labels.</summary>
    Task<IReadOnlyList<EngineListed>> ContainersAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    Task StartAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the container's main process, by force after <paramref name="grace"/>. It is no error when the container is stopped or gone.
    /// </summary>
    Task StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Renames a container. It is no error when the container is gone or has the name already.</summary>
    Task RenameAsync(string id, string name, CancellationToken cancellationToken);

    /// <summary>Removes a container with its anonymous volumes. It is no error when the container is gone.</summary>
    Task RemoveAsync(string id, CancellationToken cancellationToken);

    /// <summary>Changes the limits of a container, running or not.</summary>
    Task LimitAsync(string id, double cpus, long memoryBytes, int processes, CancellationToken cancellationToken);

    /// <summary>Limits the processes of a container that runs or has not run yet. It is no error when the container is gone.</summary>
    Task LimitProcessesAsync(string id, int processes, CancellationToken cancellationToken);

    /// <summary>The size of the container's own layer. Null when it is gone. This is slow, since the engine counts file by file.</summary>
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
    /// Makes a bridge network without IPv6, in which containers reach each other. The engine refuses it when the name is taken, or when the
    /// addresses overlap with those of another network.
    /// </summary>
    Task CreateNetworkAsync(
        string name, string bridge, string subnet, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Removes a network. It is no error when the network is gone.</summary>
    Task RemoveNetworkAsync(string id, CancellationToken cancellationToken);
}

/// <summary>Volumes that containers share.</summary>
internal interface IEngineVolumes
{
    /// <summary>Makes a volume that is a folder of the host. A volume that exists is not changed.</summary>
    Task CreateVolumeAsync(string name, string folder, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    Task<IReadOnlyList<string>> VolumesAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken);

    /// <summary>Removes a volume. It is no error when the volume is gone.</summary>
    Task RemoveVolumeAsync(string name, CancellationToken cancellationToken);
}
