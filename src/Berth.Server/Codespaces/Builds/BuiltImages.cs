using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// The images that codespaces built on this host: their names, the labels that keep one repository's layers out of another's builds, and
/// their removal.
/// </summary>
internal sealed class BuiltImages(Db db, CodespaceHost host, IContainerEngine engine, RunningBuilds running, TimeProvider time)
{
    /// <summary>
    /// How often to try, since after the end of a build the engine needs a moment to remove the containers of its commands.
    /// </summary>
    private const int Tries = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The labels of every image that is built. The engine reuses a layer only for builds with the same labels.</summary>
    public Dictionary<string, string> Labels(Codespace codespace) => BerthLabels.Over((BerthLabels.Repository, LabelOf(codespace)));

    /// <summary>The labels as they stand first in every stage, and after every label that a Dockerfile sets.</summary>
    public string StageLabels(Codespace codespace) =>
        string.Join(' ', Labels(codespace).Select(label => $"{label.Key}=\"{label.Value}\""));

    /// <summary>Notes that a build of the codespace has begun. Layers of its repository may belong to it.</summary>
    public Task<RunningBuild> BeginAsync(Codespace codespace, CancellationToken cancellationToken) =>
        running.BeginAsync(LabelOf(codespace), cancellationToken);

    /// <summary>The name of an image. Each start uses its own names.</summary>
    public static string NameOf(Codespace codespace, string purpose) => $"{Prefix(codespace)}{purpose}:{codespace.Attempt}";

    /// <summary>Takes away what earlier starts of the codespace built. Layers that another build of the repository uses stay.</summary>
    public async Task RemoveOldAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (codespace.Attempt == Codespace.FirstAttempt)
        {
            // There is nothing to remove, and the engine would look at every image that it has.
            return;
        }

        foreach (var name in (await NamesAsync(codespace, cancellationToken))
            .Where(name => !name.EndsWith($":{codespace.Attempt}", StringComparison.Ordinal)))
        {
            await engine.RemoveImageAsync(name, cancellationToken);
        }
    }

    /// <summary>
    /// Removes what the codespace built. If it is the repository's last codespace on this host, all layers of the repository's builds are
    /// removed too. Whatever is still in use is removed by a later <see cref="SweepAsync"/>.
    /// </summary>
    public async Task RemoveAllAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await RemoveAsync(token => NamesAsync(codespace, token), Tries, cancellationToken);
        var others = await db.ReadAsync(session => CodespaceTable.AllOfHostAsync(session, host.Name), cancellationToken);
        if (!others.Any(other => other.Id != codespace.Id && other.RepositoryId == codespace.RepositoryId))
        {
            // An image can only be removed after those built on it, so each round removes the images on which none is built.
            var label = $"{BerthLabels.Repository}={LabelOf(codespace)}";
            await RemoveAsync(
                async token => [.. (await engine.LabelledImagesAsync(label, token)).Select(image => image.Id)], Tries, cancellationToken);
        }
    }

    /// <summary>
    /// Removes what nothing else will: layers of builds that were cut off, also by the end of the server, and images of deleted codespaces
    /// that were still in use then.
    /// </summary>
    /// <param name="patiently">Try several times, since something may be about to let go of an image.</param>
    public Task SweepAsync(bool patiently, CancellationToken cancellationToken) => running.WithoutAsync(
        built => RemoveAsync(token => AbandonedAsync(built, token), patiently ? Tries : 1, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<string>> AbandonedAsync(IReadOnlySet<string> built, CancellationToken cancellationToken)
    {
        var images = (await engine.LabelledImagesAsync(BerthLabels.Repository, cancellationToken))
            .Where(image => image.Labels.GetValueOrDefault(BerthLabels.Repository, "") is var label
                && label.StartsWith(host.Name + "/", StringComparison.Ordinal) && !built.Contains(label))
            .ToList();

        // The images first, then the rows: an image that is new has a row by then.
        var prefixes = (await db.ReadAsync(session => CodespaceTable.AllOfHostAsync(session, host.Name), cancellationToken))
            .ConvertAll(Prefix);
        return
        [
            .. images.Where(image => image.Names.Count == 0).Select(image => image.Id),
            .. images.SelectMany(image => image.Names)
                .Where(name => BuiltName.Is(name) && !prefixes.Exists(prefix => name.StartsWith(prefix, StringComparison.Ordinal))),
        ];
    }

    /// <summary>Removes images until none is left, or until none of those left can be removed.</summary>
    private async Task RemoveAsync(
        Func<CancellationToken, Task<IReadOnlyList<string>>> list, int tries, CancellationToken cancellationToken)
    {
        for (var idle = 0; await list(cancellationToken) is { Count: > 0 } left;)
        {
            var gone = 0;
            foreach (var image in left)
            {
                gone += await engine.RemoveImageAsync(image, cancellationToken) ? 1 : 0;
            }

            if (gone == 0)
            {
                if (++idle >= tries)
                {
                    return;
                }

                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private async Task<IReadOnlyList<string>> NamesAsync(Codespace codespace, CancellationToken cancellationToken) =>
        [.. (await engine.NamedImagesAsync(Prefix(codespace) + "*", cancellationToken)).SelectMany(image => image.Names)
            .Where(name => name.StartsWith(Prefix(codespace), StringComparison.Ordinal))];

    private string LabelOf(Codespace codespace) => $"{host.Name}/{codespace.RepositoryId}";

    private static string Prefix(Codespace codespace) => $"{BuiltName.Registry}/{codespace.Name}/";
}
