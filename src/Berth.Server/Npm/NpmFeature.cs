using Berth.Server.Http;
using Berth.Server.Npm.Authorization;
using Berth.Server.Npm.Documents;
using Berth.Server.Npm.Owners;
using Berth.Server.Npm.People;
using Berth.Server.Npm.Publishing;
using Berth.Server.Packages.References;
using Berth.Server.Npm.SigningIn;

namespace Berth.Server.Npm;

/// <summary>Maps everything under <c>/npm</c>, and the page that confirms a login.</summary>
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
        services.AddSingleton<WebLogins>();
        services.AddSingleton<PackageOwners>();
    }

    public static void MapNpm(this WebApplication app)
    {
        app.UseMiddleware<NpmGate>();
        var npm = app.MapGroup(NpmPaths.Prefix);
        npm.MapPackuments();
        npm.MapPublishing();
        npm.MapSessions();
        npm.MapWebLogin();
        npm.MapNpmTokens();
        npm.MapNpmProfiles();
        npm.MapSearch();
        npm.MapCollaborators();
        npm.MapNpmMembers();
        npm.MapNpmTeams();
        npm.MapTeamPackages();
        npm.MapExchange();
        npm.MapAdvisories();
        app.MapLoginPage();
    }
}
