namespace Berth.Server.Codespaces.Docker;

internal static class DockerFeature
{
    public static void AddDockerInside(this IServiceCollection services)
    {
        services.AddSingleton<DockerHost>();
        services.AddSingleton<DockerUsers>();
        services.AddSingleton<RootlessEngine>();
        services.AddSingleton<DockerInside>();
        services.AddHostedService<KeepDocker>();
    }
}
