using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Oci;

namespace Berth.Tests.Codespaces.Scripted;

/// <summary>
/// A container engine that is only state: containers, images, networks and volumes are entries that a test reads and changes. It can go
/// away, come back, restart, and fail or wait at any call that a test names.
/// </summary>
internal sealed partial class ScriptedContainers : IContainerEngine
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, EngineContainer> _containers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EngineNetwork> _networks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _volumes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EngineImage> _images = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly ConcurrentQueue<string> _limited = new();
    private readonly Dictionary<string, int> _held = new(StringComparer.Ordinal);
    private readonly Channel<string> _creations = Channel.CreateUnbounded<string>();
    private volatile Func<string, CancellationToken, Task> _script = (_, _) => Task.CompletedTask;
    private int _made;

    /// <summary>The reason why no engine answers. Null: one answers.</summary>
    public volatile string? Away;

    /// <summary>Bytes that every container has written into its own layer.</summary>
    public long Written { get; set; }

    /// <summary>The version that the engine reports.</summary>
    public string Version { get; set; } = "29.5.1";

    /// <summary>Counts for the images that are pulled from now on.</summary>
    public IReadOnlyDictionary<string, string> ImageLabels { get; set; } = new Dictionary<string, string>();

    /// <inheritdoc cref="ImageLabels"/>
    public IReadOnlyList<string> ImageVolumes { get; set; } = [];

    /// <inheritdoc cref="ImageLabels"/>
    public long ImageBytes { get; set; }

    /// <summary>The last request for each container, by the container's name.</summary>
    public ConcurrentDictionary<string, JsonObject> Bodies { get; } = new(StringComparer.Ordinal);

    /// <summary>Every call so far, by its method's name without "Async".</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>The containers whose processes were limited after they were made.</summary>
    public IReadOnlyList<string> Limited => [.. _limited];

    public IReadOnlyList<EngineContainer> Containers
    {
        get
        {
            lock (_lock)
            {
                return [.. _containers.Values];
            }
        }
    }

    public int Networks
    {
        get
        {
            lock (_lock)
            {
                return _networks.Count;
            }
        }
    }

    /// <summary>Sets a script that runs before every call. It may throw or wait.</summary>
    public void On(Func<string, CancellationToken, Task> script) => _script = script;

    /// <summary>Makes these calls fail with the engine's message, until <see cref="Heal"/>.</summary>
    public void Fail(string call, string words, int status = 500) =>
        On((name, _) => name == call ? throw new EngineException(status, words) : Task.CompletedTask);

    public void Heal() => On((_, _) => Task.CompletedTask);

    /// <summary>Stops the engine. Its containers end, and nobody answers.</summary>
    public void Stop()
    {
        EndAll();
        Away = "Connection refused";
    }

    /// <summary>Restarts the engine. Its containers have ended.</summary>
    public void Restart()
    {
        EndAll();
        Away = null;
    }

    public void Change(string id, Func<EngineContainer, EngineContainer> change)
    {
        lock (_lock)
        {
            _containers[id] = change(_containers[id]);
        }
    }

    public void Drop(string id)
    {
        lock (_lock)
        {
            _containers.Remove(id);
        }
    }

    public void DropImages()
    {
        lock (_lock)
        {
            _images.Clear();
        }
    }

    /// <summary>Makes a container as somebody other than Berth does.</summary>
    public string Make(bool running, params (string Name, string Value)[] labels) =>
        MakeNamed($"somebodys_{_made}", running, labels.ToDictionary(label => label.Name, label => label.Value, StringComparer.Ordinal));

    public string MakeNamed(string name, bool running, IReadOnlyDictionary<string, string> labels)
    {
        lock (_lock)
        {
            return _names[name] = MakeLocked(running, labels);
        }
    }

    public async Task<string?> UnavailableAsync(CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        return Away is { } reason ? $"no container engine answers at /scripted ({reason})" : null;
    }

    public Task<Platform> PlatformAsync(CancellationToken cancellationToken) =>
        AnswerAsync(() => new Platform("linux", "amd64", null), cancellationToken);

    public Task<EngineFacts> FactsAsync(CancellationToken cancellationToken) =>
        AnswerAsync(() => new EngineFacts(true, 0, "/nonexistent") { Version = Version }, cancellationToken);

    public Task<bool> SharesMountsAsync(CancellationToken cancellationToken) => AnswerAsync(() => false, cancellationToken);

    public Task PullAsync(
        string repository, Digest digest, RegistryCredential? credential, Action<PullProgress> progress,
        CancellationToken cancellationToken) =>
        AnswerAsync(
            () =>
                _images[$"{repository}@{digest.Value}"] = new EngineImage($"{repository}@{digest.Value}", null, ImageLabels)
                {
                    Volumes = ImageVolumes,
                    Bytes = ImageBytes,
                },
            cancellationToken);

    public async Task<string> BuildAsync(
        EngineBuild build, Func<Stream, CancellationToken, Task> writeContext, Action<string> log, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>(build.Labels, StringComparer.Ordinal);
        foreach (var (name, value) in BuiltLabels ?? await LabelsInAsync(build.Tag, writeContext, cancellationToken))
        {
            labels[name] = value;
        }

        return await AnswerAsync(
            () =>
            {
                _images[build.Tag] = new EngineImage(build.Tag, null, labels);
                return build.Tag;
            },
            cancellationToken);
    }

    public Task CommitAsync(
        string container, string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) => AnswerAsync(
        () => _images[name] = new EngineImage(name, null, labels), cancellationToken);

    public Task<EngineImage?> ImageAsync(string reference, CancellationToken cancellationToken) =>
        AnswerAsync(() => _images.GetValueOrDefault(reference), cancellationToken);

    public Task<IReadOnlyList<EngineListedImage>> LabelledImagesAsync(string label, CancellationToken cancellationToken) =>
        ImagesAsync(image => image.Value.Labels.Any(own => own.Key == label || $"{own.Key}={own.Value}" == label), cancellationToken);

    public Task<IReadOnlyList<EngineListedImage>> NamedImagesAsync(string pattern, CancellationToken cancellationToken) =>
        ImagesAsync(image => image.Key.StartsWith(pattern.TrimEnd('*'), StringComparison.Ordinal), cancellationToken);

    public Task<bool> RemoveImageAsync(string image, CancellationToken cancellationToken) => AnswerAsync(
        () =>
        {
            if (_held.TryGetValue(image, out var tries) && tries > 0)
            {
                _held[image] = tries - 1;
                return false;
            }

            _images.Remove(image);
            return true;
        },
        cancellationToken);

    public Task<string> CreateContainerAsync(string name, JsonObject body, CancellationToken cancellationToken) => AnswerAsync(
        () =>
        {
            InnocentBody.Check(name, body);
            CheckFree(name);
            Bodies[name] = body.DeepClone().AsObject();
            var labels = (body["Labels"] as JsonObject ?? [])
                .ToDictionary(label => label.Key, label => label.Value!.GetValue<string>(), StringComparer.Ordinal);
            return _names[name] = MakeLocked(running: false, labels);
        },
        cancellationToken);

    public Task<EngineContainer?> ContainerAsync(string nameOrId, CancellationToken cancellationToken) =>
        AnswerAsync(() => _containers.GetValueOrDefault(_names.GetValueOrDefault(nameOrId, nameOrId)), cancellationToken);

    public Task<IReadOnlyList<EngineListed>> ContainersAsync(
        IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        AnswerAsync<IReadOnlyList<EngineListed>>(
            () =>
            [
                .. Labelled(labels).Select(
                    container => new EngineListed(container.Id, NameOf(container.Id), container.Running, container.Labels)),
            ],
            cancellationToken);

    public Task StartAsync(string id, CancellationToken cancellationToken) =>
        AnswerAsync(() => _containers[id] = Started(_containers[id] with { Running = true, HasEnded = false }), cancellationToken);

    /// <summary>Changes a container as it is started.</summary>
    public Func<EngineContainer, EngineContainer> Started { get; set; } = container => container;

    public Task StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken) => AnswerAsync(
        () => _containers.TryGetValue(id, out var container)
            ? _containers[id] = container with { Running = false, HasEnded = true, ExitCode = 137 }
            : null,
        cancellationToken);

    public Task RemoveAsync(string id, CancellationToken cancellationToken) => AnswerAsync(() => _containers.Remove(id), cancellationToken);

    public Task LimitAsync(string id, double cpus, long memoryBytes, int processes, CancellationToken cancellationToken) =>
        AnswerAsync(() => true, cancellationToken);

    public Task LimitProcessesAsync(string id, int processes, CancellationToken cancellationToken) => AnswerAsync(
        () =>
        {
            _limited.Enqueue(id);
            return true;
        },
        cancellationToken);

    public Task<long?> WrittenAsync(string id, CancellationToken cancellationToken) =>
        AnswerAsync(() => _containers.ContainsKey(id) ? Written : (long?)null, cancellationToken);

    public Task<IReadOnlyList<string>> LastLinesAsync(string nameOrId, int count, CancellationToken cancellationToken) =>
        AnswerAsync<IReadOnlyList<string>>(() => ["its last line"], cancellationToken);

    public Task<IAsyncEnumerable<string>> CreationsAsync(CancellationToken cancellationToken) =>
        AnswerAsync(() => _creations.Reader.ReadAllAsync(CancellationToken.None), cancellationToken);

    /// <summary>Tells listeners that a container was made.</summary>
    public void TellCreation(string id) => _creations.Writer.TryWrite(id);

    public Task<string?> ReadFileAsync(
        string image, string path, int maxBytes, string container, IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken) =>
        AnswerAsync<string?>(() => null, cancellationToken);

    public Task<IReadOnlyList<EngineNetwork>> NetworksAsync(CancellationToken cancellationToken) =>
        AnswerAsync<IReadOnlyList<EngineNetwork>>(() => [.. _networks.Values], cancellationToken);

    public Task CreateNetworkAsync(
        string name, string bridge, string subnet, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        AnswerAsync(() => _networks[name] = new EngineNetwork(name, name, bridge, [subnet], labels), cancellationToken);

    public Task RemoveNetworkAsync(string id, CancellationToken cancellationToken) =>
        AnswerAsync(() => _networks.Remove(id), cancellationToken);

    public Task CreateVolumeAsync(
        string name, string folder, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        AnswerAsync(() => _volumes[name] = labels, cancellationToken);

    public Task<IReadOnlyList<string>> VolumesAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        AnswerAsync<IReadOnlyList<string>>(
            () => [.. _volumes.Where(volume => Carries(volume.Value, labels)).Select(volume => volume.Key)], cancellationToken);

    public Task RemoveVolumeAsync(string name, CancellationToken cancellationToken) =>
        AnswerAsync(() => _volumes.Remove(name), cancellationToken);

    private static bool Carries(IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> wanted) =>
        wanted.All(label => own.GetValueOrDefault(label.Key) == label.Value);

    private IEnumerable<EngineContainer> Labelled(IReadOnlyDictionary<string, string> labels) =>
        _containers.Values.Where(container => Carries(container.Labels, labels));

    private string MakeLocked(bool running, IReadOnlyDictionary<string, string> labels)
    {
        var id = (++_made).ToString("x64", System.Globalization.CultureInfo.InvariantCulture);
        _containers[id] = new EngineContainer(id, running, 0, labels, []) { StartedAt = $"{_made}" };
        return id;
    }

    private void EndAll()
    {
        lock (_lock)
        {
            foreach (var container in _containers.Values.Where(container => container.Running).ToList())
            {
                _containers[container.Id] = container with { Running = false, HasEnded = true, ExitCode = 143 };
            }
        }
    }

    private async Task<T> AnswerAsync<T>(Func<T> answer, CancellationToken cancellationToken, [CallerMemberName] string call = "")
    {
        var name = call[..^"Async".Length];
        _calls.Enqueue(name);
        await _script(name, cancellationToken);
        if (Away is { } reason)
        {
            throw EngineException.Silent("/scripted", new IOException(reason));
        }

        lock (_lock)
        {
            return answer();
        }
    }
}
