using Berth.Server.Codespaces.Engine;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Builds;

/// <summary>
/// The images that codespaces built on this host: how they are named, what keeps one repository's layers from another's builds, and when
/// they go.
/// </summary>
internal sealed class BuiltImages(Db db, CodespaceHost host, IContainerEngine engine)
{
    /// <summary>No registry has this name, so the engine cannot fetch what is named so from anywhere.</summary>
    private const string Registry = "berth.invalid";

    /// <summary>Of every image that is built. The engine reuses a layer only below the same ones.</summary>
    public Dictionary<string, string> Labels(Codespace codespace) => BerthLabels.Over((BerthLabels.Repository, LabelOf(codespace)));

    /// <summary>As they stand first in every stage, and after every label that a Dockerfile gives.</summary>
    public string StageLabels(Codespace codespace) =>
        string.Join(' ', Labels(codespace).Select(label => $"{label.Key}=\"{label.Value}\""));

    private string LabelOf(Codespace codespace) => $"{host.Name}/{codespace.RepositoryId}";

    /// <summary>Each start has names of its own.</summary>
    public static string NameOf(Codespace codespace, string purpose) => $"{Prefix(codespace)}/{purpose}:{codespace.Attempt}";

    public static bool IsBuilt(string image) => image.StartsWith(Registry + "/", StringComparison.Ordinal);

    /// <summary>Takes away what earlier starts of the codespace built. Layers that another build of the repository uses stay.</summary>
    public async Task RemoveOldAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        foreach (var name in await engine.NamedImagesAsync(Prefix(codespace) + "/*", cancellationToken))
        {
            if (!name.EndsWith($":{codespace.Attempt}", StringComparison.Ordinal))
            {
                await engine.RemoveImageAsync(name, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Takes away what the codespace built and, when it is the repository's last one on this host, every layer of its builds.
    /// </summary>
    public async Task RemoveAllAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        foreach (var name in await engine.NamedImagesAsync(Prefix(codespace) + "/*", cancellationToken))
        {
            await engine.RemoveImageAsync(name, cancellationToken);
        }

        var others = await db.ReadAsync(session => CodespaceTable.AllOfHostAsync(session, host.Name), cancellationToken);
        if (others.Any(other => other.Id != codespace.Id && other.RepositoryId == codespace.RepositoryId))
        {
            return;
        }

        // An image goes only after those that build on it, and each round takes those that nothing builds on.
        for (var before = int.MaxValue; ;)
        {
            var left = await engine.LabelledImagesAsync($"{BerthLabels.Repository}={LabelOf(codespace)}", cancellationToken);
            if (left.Count == 0 || left.Count >= before)
            {
                return;
            }

            before = left.Count;
            foreach (var id in left)
            {
                await engine.RemoveImageAsync(id, cancellationToken);
            }
        }
    }

    private static string Prefix(Codespace codespace) => $"{Registry}/{codespace.Name}";
}
