using Berth.Server.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Berth.Server.Codespaces.Environment;

internal static class EnvironmentFeature
{
    public static void AddEnvironment(this IServiceCollection services)
    {
        services.AddSingleton<EnvironmentStates>();
        services.AddSingleton<EnvironmentFiles>();
        services.AddSingleton<EnvironmentContents>();
        services.AddSingleton<NpmInside>();
        services.AddSingleton<RefreshLogins>();
        services.AddSingleton<BerthEnvironment>();
        services.AddSingleton<EnvironmentListener>();
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<EnvironmentListener>());
        services.AddOptions<KestrelServerOptions>()
            .Configure<ServerCertificate>((kestrel, certificate) => kestrel.Listen(new EnvironmentEndPoint(), certificate.Serve));
    }
}
