using Berth.Server.Codespaces.Dotfiles;

namespace Berth.Server.Codespaces.Steps;

internal static class StepsFeature
{
    public static void AddStartSteps(this IServiceCollection services)
    {
        services.AddSingleton<CheckHost>();
        services.AddSingleton<CheckReadAccess>();
        services.AddSingleton<PrepareMachine>();
        services.AddSingleton<IssueToken>();
        services.AddSingleton<ResolveCredentials>();
        services.AddSingleton<SettleGitLogins>();
        services.AddSingleton<InstallDotfiles>();
        services.AddSingleton<PrepareEnvironment>();
        services.AddSingleton<ReuseContainer>();
        services.AddSingleton<FetchSubmodules>();
        services.AddSingleton<CloneWorkspace>();
        services.AddSingleton<InitializeWorkspace>();
        services.AddSingleton<ReadConfiguration>();
        services.AddSingleton<SettlePermissions>();
        services.AddSingleton<FetchImages>();
        services.AddSingleton<BuildServices>();
        services.AddSingleton<BuildImage>();
        services.AddSingleton<ChoosePrebuild>();
        services.AddSingleton<TakePrebuild>();
        services.AddSingleton<RecordPrebuild>();
        services.AddSingleton<ChownWorkspace>();
        services.AddSingleton<PrepareMounts>();
        services.AddSingleton<StartServices>();
        services.AddSingleton<ImageUsers>();
        services.AddSingleton<RunCommand>();
        services.AddSingleton<CreateContainer>();
        services.AddSingleton<RunContainer>();
        services.AddSingleton<BringUp>();
        services.AddSingleton<AdmitStart>();
        services.AddSingleton<PrepareStart>();
        services.AddSingleton<PrepareContainer>();
        services.AddSingleton<StartSteps>();
    }
}
