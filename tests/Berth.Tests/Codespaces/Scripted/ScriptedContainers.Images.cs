using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Runtime.CompilerServices;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Engine;

namespace Berth.Tests.Codespaces.Scripted;

/// <content>Images that builds leave, and that something holds on to.</content>
internal sealed partial class ScriptedContainers
{
    /// <summary>
    /// Adds a layer without a name, as a running or ended build leaves it. Something holds on to it for some tries to remove it.
    /// </summary>
    public string Leave(string repository, int held = 0)
    {
        lock (_lock)
        {
            var id = $"sha256:{++_made:x64}";
            _images[id] = new EngineImage(id, null, new Dictionary<string, string> { ["berth.repository"] = repository });
            _held[id] = held;
            return id;
        }
    }

    /// <summary>Lets something hold on to an image for this many tries to remove it.</summary>
    public void Hold(string image, int tries)
    {
        lock (_lock)
        {
            _held[image] = tries;
        }
    }

    /// <summary>The names of images, and the ids of those that have none.</summary>
    public IReadOnlyList<string> Images
    {
        get
        {
            lock (_lock)
            {
                return [.. _images.Keys];
            }
        }
    }

    /// <summary>The labels of the images that builds make. Null: the ones in their Dockerfiles.</summary>
    public IReadOnlyDictionary<string, string>? BuiltLabels { get; set; }

    /// <summary>The Dockerfile that each image was built from, and the names of all files that came with it.</summary>
    public ConcurrentDictionary<string, (string Dockerfile, IReadOnlyList<string> Files)> Built { get; } = new(StringComparer.Ordinal);

    /// <summary>Berth's labels, from the last line that sets them.</summary>
    private async Task<Dictionary<string, string>> LabelsInAsync(
        string tag, Func<Stream, CancellationToken, Task> writeContext, CancellationToken cancellationToken)
    {
        List<string> files = [];
        using var context = new MemoryStream();
        await writeContext(context, cancellationToken);
        context.Position = 0;
        await using var tar = new TarReader(context);
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            files.Add(entry.Name);
            if (entry.Name == BuildContext.DockerfileName)
            {
                using var reader = new StreamReader(entry.DataStream!);
                var text = await reader.ReadToEndAsync(cancellationToken);
                Built[tag] = (text, files);
                var line = text.Split('\n')
                    .Last(one => one.StartsWith("LABEL berth.", StringComparison.Ordinal));
                return line["LABEL ".Length..].Split(' ').Select(label => label.Split('=', 2))
                    .ToDictionary(label => label[0], label => label[1].Trim('"'), StringComparer.Ordinal);
            }
        }

        return [];
    }

    private Task<IReadOnlyList<EngineListedImage>> ImagesAsync(
        Func<KeyValuePair<string, EngineImage>, bool> which, CancellationToken cancellationToken, [CallerMemberName] string call = "") =>
        AnswerAsync<IReadOnlyList<EngineListedImage>>(
            () =>
            [
                .. _images.Where(which).Select(image => new EngineListedImage(
                    image.Key, image.Key.StartsWith("sha256:", StringComparison.Ordinal) ? [] : [image.Key], image.Value.Labels)),
            ],
            cancellationToken, call);
}
