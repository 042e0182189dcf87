using Berth.Server.Http;
using Berth.Server.Npm.Authorization;
using Berth.Server.Npm.Documents;
using Berth.Server.Npm.People;
using Berth.Server.Npm.Publishing;
using Berth.Server.Packages.References;

namespace Berth.Server.Npm;

/// <summary>Everything under <c>/npm</c>.</summary>
internal static class NpmFeature
{
    public static void AddNpm(this IServiceCollection services)
    {
        services.AddSingleton<NpmUrls>();
        services.AddSingleton<Packuments>();
        services.AddSingleton<Tarballs>();
        services.AddSingleton<IReadPackageUse, ReadNpmUse>();
        services.AddSingleton<ReceivePublish>();
        services.AddSingleton<PublishVersion>();
        services.AddSingleton<ChangePackument>();
    }

    public static void MapNpm(this WebApplication app)
    {
        app.UseMiddleware<NpmGate>();
        var npm = app.MapGroup(NpmPaths.Prefix);
        npm.MapPackuments();
        npm.MapPublishing();
        npm.MapSessions();
        npm.MapSearch();
        npm.MapCollaborators();
        npm.MapExchange();
        npm.MapAdvisories();
    }
}
