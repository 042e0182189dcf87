using Berth.Server.Http;
using Berth.Server.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Berth.Server.Codespaces.Inside;

internal static class InsideFeature
{
    public static void AddInside(this IServiceCollection services)
    {
        services.AddSingleton<InsideStates>();
        services.AddSingleton<InsideFiles>();
        services.AddSingleton<InsideContents>();
        services.AddSingleton<RefreshLogins>();
        services.AddSingleton<BerthInside>();
        services.AddSingleton<InsideListener>();
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<InsideListener>());
        services.AddOptions<KestrelServerOptions>().Configure<BerthOptions>((kestrel, options) => kestrel.Listen(new InsideEndPoint(), listen =>
        {
            if (!string.IsNullOrEmpty(options.TlsCertFile))
            {
                listen.UseHttps(Certificates.Load(options));
            }
        }));
    }
}
