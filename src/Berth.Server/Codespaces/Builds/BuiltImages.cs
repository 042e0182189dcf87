using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Images;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// The images that codespaces built on this host: how they are named, what keeps one repository's layers from another's builds, and when
/// they go.
/// </summary>
internal sealed class BuiltImages(Db db, CodespaceHost host, IContainerEngine engine, RunningBuilds running, TimeProvider time)
{
    /// <summary>An engine that ends a build takes a moment until the containers of its commands are gone.</summary>
    private const int Tries = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Of every image that is built. The engine reuses a layer only below the same ones.</summary>
    public Dictionary<string, string> Labels(Codespace codespace) => BerthLabels.Over((BerthLabels.Repository, LabelOf(codespace)));

    /// <summary>As they stand first in every stage, and after every label that a Dockerfile gives.</summary>
    public string StageLabels(Codespace codespace) =>
        string.Join(' ', Labels(codespace).Select(label => $"{label.Key}=\"{label.Value}\""));

    /// <summary>A build of the codespace goes on: layers of its repository may be its own.</summary>
    public Task<RunningBuild> BeginAsync(Codespace codespace, CancellationToken cancellationToken) =>
        running.BeginAsync(LabelOf(codespace), cancellationToken);

    /// <summary>Each start has names of its own.</summary>
    public static string NameOf(Codespace codespace, string purpose) => $"{Prefix(codespace)}{purpose}:{codespace.Attempt}";

    /// <summary>Takes away what earlier starts of the codespace built. Layers that another build of the repository uses stay.</summary>
    public async Task RemoveOldAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (codespace.Attempt == Codespace.FirstAttempt)
        {
            // The engine looks at every image that it has for the answer.
            return;
        }

        foreach (var name in (await NamesAsync(codespace, cancellationToken))
            .Where(name => !name.EndsWith($":{codespace.Attempt}", StringComparison.Ordinal)))
        {
            await engine.RemoveImageAsync(name, cancellationToken);
        }
    }

    /// <summary>
    /// Takes away what the codespace built and, when it is the repository's last one on this host, every layer of its builds. What
    /// something holds on to even so goes at a later <see cref="SweepAsync"/>.
    /// </summary>
    public async Task RemoveAllAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        await RemoveAsync(token => NamesAsync(codespace, token), Tries, cancellationToken);
        var others = await db.ReadAsync(session => CodespaceTable.AllOfHostAsync(session, host.Name), cancellationToken);
        if (!others.Any(other => other.Id != codespace.Id && other.RepositoryId == codespace.RepositoryId))
        {
            // An image goes only after those that build on it, and each round takes those that nothing builds on.
            var label = $"{BerthLabels.Repository}={LabelOf(codespace)}";
            await RemoveAsync(
                async token => [.. (await engine.LabelledImagesAsync(label, token)).Select(image => image.Id)], Tries, cancellationToken);
        }
    }

    /// <summary>
    /// Takes away what nobody will: layers of builds that were ended, also by the end of the server, and images of codespaces that are gone
    /// which something held on to.
    /// </summary>
    /// <param name="patiently">Something may be about to let go.</param>
    public Task SweepAsync(bool patiently, CancellationToken cancellationToken) => running.WithoutAsync(
        built => RemoveAsync(token => AbandonedAsync(built, token), patiently ? Tries : 1, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<string>> AbandonedAsync(IReadOnlySet<string> built, CancellationToken cancellationToken)
    {
        var images = (await engine.LabelledImagesAsync(BerthLabels.Repository, cancellationToken))
            .Where(image => image.Labels.GetValueOrDefault(BerthLabels.Repository, "") is var label
                && label.StartsWith(host.Name + "/", StringComparison.Ordinal) && !built.Contains(label))
            .ToList();

        // In this order: a name that is new has its row.
        var prefixes = (await db.ReadAsync(session => CodespaceTable.AllOfHostAsync(session, host.Name), cancellationToken))
            .ConvertAll(Prefix);
        return
        [
            .. images.Where(image => image.Names.Count == 0).Select(image => image.Id),
            .. images.SelectMany(image => image.Names)
                .Where(name => BuiltName.Is(name) && !prefixes.Exists(prefix => name.StartsWith(prefix, StringComparison.Ordinal))),
        ];
    }

    /// <summary>Until nothing of it is left, or nothing of it goes.</summary>
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
