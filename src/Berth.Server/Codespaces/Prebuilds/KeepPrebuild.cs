using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Workspaces;
using Berth.Server.Database;

namespace Berth.Server.Codespaces.Prebuilds;

/// <summary>
/// Ends a prebuild's codespace. Its container becomes an image, its workspace stays where it is, and everything else is removed. Of a
/// failed prebuild only the log stays. It may be run again after it was cut off at any line.
/// </summary>
internal sealed class KeepPrebuild(
    Db db, TimeProvider time, IContainerEngine engine, BuiltImages built, CodespaceHost host, CodespaceRows rows, StopCodespace stop,
    PrebuildRest rest)
{
    private const string Purpose = "prebuild";

    /// <exception cref="EngineException">The engine does not answer: it is tried again.</exception>
    public async Task RunAsync(Codespace codespace, CancellationToken cancellationToken)
    {
        if (codespace.State == CodespaceState.Failed)
        {
            await rest.RemoveAsync(codespace, keepsWorkspace: false, cancellationToken);
            await db.WriteAsync(
                session => PrebuildTable.SettleFailedAsync(session, codespace, time.GetUtcNow()), cancellationToken);
            rows.Changed(codespace);
            return;
        }

        var name = BuiltImages.NameOf(codespace, Purpose);
        if (codespace.ContainerId is { } id && await engine.ContainerAsync(id, cancellationToken) is not null)
        {
            // Mount the codespace's disk, which holds what the container wrote.
            await rest.OpenAsync(codespace, cancellationToken);
            await stop.EndAsync(codespace, cancellationToken);
            await engine.CommitAsync(id, name, built.Labels(codespace), cancellationToken);
        }

        if (await engine.ImageAsync(name, cancellationToken) is not { } image
            || PrebuildRecord.Read(host.Folders(codespace)) is not { } made)
        {
            await rows.FailedAsync(codespace, "the container went before it was kept", cancellationToken);
            return;
        }

        await rest.RemoveAsync(codespace, keepsWorkspace: true, cancellationToken);
        var workspace = CopyWorkspace.BytesOf(host.Folders(codespace));
        var added = Math.Max(0, image.Bytes - made.BaseBytes);
        await rows.LogAsync(codespace, "ready", $"the prebuild is kept: {Text(added)} of image, {Text(workspace)} of workspace");
        await db.WriteAsync(
            session => PrebuildTable.ReadyAsync(session, codespace, name, added, workspace, time.GetUtcNow()), cancellationToken);
        rows.Changed(codespace);
    }

    private static string Text(long bytes) => bytes >= 1L << 30 ? $"{bytes / (double)(1L << 30):0.0} GiB" : $"{bytes >> 20} MiB";
}
