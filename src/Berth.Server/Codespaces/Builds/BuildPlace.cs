using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Server.Codespaces.Builds;

/// <summary>The codespace that a build is for, and what the build may use.</summary>
/// <param name="Workspace">The checkout on this host.</param>
/// <param name="Images">The images that it may begin from, by their references as the Dockerfile writes them.</param>
internal sealed record BuildPlace(
    Codespace Codespace, CodespaceFolders Folders, CodespaceLogWriter Log, Machine Machine, string Workspace, ExpansionBudget Budget,
    IReadOnlyDictionary<string, PinnedImage> Images)
{
    public required EngineFacts Engine { get; init; }

    /// <summary>The user and home folder that git has in the sandbox.</summary>
    public required SandboxView GitView { get; init; }

    /// <summary>Adds the images of the compose files' services, by the services' names.</summary>
    public BuildPlace With(IReadOnlyDictionary<string, PinnedImage> services) => this with
    {
        Images = new Dictionary<string, PinnedImage>(
            Images.Concat(services.Select(one => KeyValuePair.Create(DockerfileReference.OfService(one.Key), one.Value))),
            StringComparer.Ordinal),
    };

    /// <summary>Ends when the codespace has the network that the build runs in.</summary>
    public required Task Network { get; init; }
}
