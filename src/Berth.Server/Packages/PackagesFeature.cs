using Berth.Server.Accounts;
using Berth.Server.Organizations;
using Berth.Server.Packages.Changes;
using Berth.Server.Packages.Content;
using Berth.Server.Packages.Pulls;
using Berth.Server.Packages.References;
using Berth.Server.Packages.Retention;
using Berth.Server.Packages.Rules;
using Berth.Server.Packages.Versions;
using Berth.Server.Repositories;
namespace Berth.Server.Packages;

internal static class PackagesFeature
{
    public static void AddPackages(this IServiceCollection services)
    {
        services.AddSingleton<KeepBlob>();
        services.AddSingleton<SourceLabel>();
        services.AddSingleton<FirstPublish>();
        services.AddSingleton<ReadPackages>();
        services.AddSingleton<ChangePackage>();
        services.AddSingleton<PackageNeeds>();
        services.AddSingleton<ChangeGrants>();
        services.AddSingleton<DeletePackage>();
        services.AddSingleton<DeleteVersion>();
        services.AddSingleton<RestoreVersion>();
        services.AddSingleton<ReadDependants>();
        services.AddSingleton<MoveTag>();
        services.AddSingleton<PullCounts>();
        services.AddSingleton<PullLog>();
        services.AddHostedService<WritePulls>();
        services.AddSingleton<RunRetention>();
        services.AddSingleton<SetPolicy>();
        services.AddSingleton<ChangePushRules>();
        services.AddSingleton<ReadOverride>();
        services.AddSingleton<IFollowRepositories, FollowRuleNames>();
        services.AddSingleton<FollowRefs>();
        services.AddSingleton<IFollowRefs>(provider => provider.GetRequiredService<FollowRefs>());
        services.AddSingleton<RetentionSchedule>();
        services.AddHostedService(provider => provider.GetRequiredService<RetentionSchedule>());
        services.AddSingleton<FollowNeighbours>();
        services.AddSingleton<IFollowRepositories>(provider => provider.GetRequiredService<FollowNeighbours>());
        services.AddSingleton<IFollowAccounts>(provider => provider.GetRequiredService<FollowNeighbours>());
        services.AddSingleton<IFollowOrganizations>(provider => provider.GetRequiredService<FollowNeighbours>());
    }

    /// <summary>Maps the same routes under an organization, a user, and the caller.</summary>
    public static void MapPackageFeature(this IEndpointRouteBuilder api)
    {
        foreach (var owner in new[] { "/orgs/{org}", "/users/{username}", "/user" })
        {
            api.MapPackages(owner);
            api.MapVersions(owner);
            api.MapPackageTags(owner);
            api.MapRetention(owner);
            api.MapPushRules(owner);
            api.MapPackageAccess(owner);
            api.MapExplain(owner);
        }

        api.MapOwnerRetention();
        api.MapOwnerPushRules();
    }
}
