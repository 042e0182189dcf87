using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Settles which image the container is made from, and writes the configuration for the dev container tools.</summary>
internal sealed class BuildImage
{
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var (configuration, pinned) = (context.Configuration, context.Image);
        var user = RemoteUsers.Of(configuration, pinned.Image);
        await File.WriteAllTextAsync(context.Folders.Override, configuration.ToOverride(pinned.Reference, context.Workspace), cancellationToken);
        File.SetUnixFileMode(
            context.Folders.Override, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return context with { Prepared = new PreparedContainer(pinned.Reference, configuration.MountTarget, configuration.WorkspaceFolder, user) };
    }
}
