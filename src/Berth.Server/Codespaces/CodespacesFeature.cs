using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Docker;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Git;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Networks;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Server.Codespaces.Preflight;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Codespaces.Steps;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces;

internal static class CodespacesFeature
{
    public static void AddCodespaces(this IServiceCollection services)
    {
        services.AddSingleton(provider => new EngineSocket(provider.GetRequiredService<CodespaceOptions>().DockerHost));
        services.AddSingleton<IContainerEngine, EngineClient>();
        services.AddSingleton(provider => ImageDefaults.Of(provider.GetRequiredService<CodespaceOptions>()));
        services.AddSingleton<CodespaceHost>();
        services.AddSingleton<CodespaceContainers>();
        services.AddSingleton<CodespaceTools>();
        services.AddSingleton<ISandbox, SandboxedProcess>();
        services.AddSingleton<WorkspaceFilesystem>();
        services.AddSingleton<CopyTree>();
        services.AddSingleton<ContainerLayers>();
        services.AddSingleton<ImageVolumes>();
        services.AddSingleton<CopyWorkspace>();
        services.AddSingleton<Machines>();
        services.AddSingleton<Firewall>();
        services.AddSingleton<CodespaceNetworks>();
        services.AddHostedService<WatchFirewall>();
        services.AddHostedService<WatchContainers>();
        services.AddSingleton<CodespaceLog>();
        services.AddSingleton<SandboxedGit>();
        services.AddSingleton<CloneRepository>();
        services.AddSingleton<CloneSubmodules>();
        services.AddSingleton<AddSubmodules>();
        services.AddSingleton<CodespacePermissions>();
        services.AddSingleton<OwnImages>();
        services.AddSingleton<RegistryAccess>();
        services.AddSingleton<CollectDockerLogins>();
        services.AddSingleton<FetchImage>();
        services.AddPreflight();
        services.AddSingleton<BuiltImages>();
        services.AddSingleton<BuildGroups>();
        services.AddSingleton<RunningBuilds>();
        services.AddHostedService<WatchImages>();
        services.AddSingleton<FetchRemoteFiles>();
        services.AddSingleton<FetchRepositories>();
        services.AddSingleton<BuildDockerfile>();
        services.AddSingleton<FetchFeatures>();
        services.AddSingleton<FetchFeatureArchive>();
        services.AddStartSteps();
        services.AddSingleton<CodespaceRows>();
        services.AddSingleton<StopCodespace>();
        services.AddSingleton<EarlierContainers>();
        services.AddSingleton<DeleteCodespace>();
        services.AddSingleton<FailStart>();
        services.AddSingleton<StartCodespace>();
        services.AddSingleton<StartTurns>();
        services.AddSingleton<StartInTurn>();
        services.AddSingleton<CreateCodespace>();
        services.AddPrebuilds();
        services.AddDockerInside();
        services.AddEnvironment();
        services.AddCodespaceConnections();
        services.AddSingleton<GitStatus>();
        services.AddSingleton<WatchCodespaces>();
        services.AddSingleton<Reconciler>();
        services.AddHostedService(provider => provider.GetRequiredService<Reconciler>());
    }
}
