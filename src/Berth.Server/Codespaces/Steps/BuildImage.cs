using System.Text.Json;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Settles which image the container is made from, building it where the configuration says so, and writes the configuration for the dev container tools.</summary>
internal sealed class BuildImage(BuildDockerfile build, BuiltImages built)
{
    /// <exception cref="CodespaceFaultException">A build failed.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var configuration = context.Configuration;
        var image = context.Plan.Build is { } planned
            ? await build.RunAsync(context, planned, "dockerfile", cancellationToken)
            : context.Images[configuration.Image!.ToString()];
        await built.RemoveOldAsync(context.Codespace, cancellationToken);
        var user = RemoteUsers.Of(configuration, image.Image);
        await File.WriteAllTextAsync(context.Folders.Override, configuration.ToOverride(image.Reference, context.Workspace), cancellationToken);
        File.SetUnixFileMode(
            context.Folders.Override, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await File.WriteAllBytesAsync(context.Folders.UsedImages, JsonSerializer.SerializeToUtf8Bytes(context.Plan.Images.Select(use => use.Reference.ToString()).Distinct()), cancellationToken);
        return context with { Prepared = new PreparedContainer(image.Reference, configuration.MountTarget, configuration.WorkspaceFolder, user) };
    }
}
