using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Steps;

/// <summary>Reads what the repository asks for, and reports what of it a codespace does not get.</summary>
internal sealed class ReadConfiguration
{
    /// <exception cref="CodespaceFaultException">There is none, or it is wrong; the message says where.</exception>
    public Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = DevcontainerFile.Read(context.Workspace, context.Codespace.DevcontainerPath);
        var configuration = DevcontainerConfiguration.From(file, context.Codespace.RepositoryName);
        context.Log.Write("configuration", $"read {file.Path}: image {configuration.Image}");
        foreach (var ignored in configuration.Ignored)
        {
            context.Log.Write("configuration", ignored);
        }

        return Task.FromResult(context with { Configuration = configuration });
    }
}
