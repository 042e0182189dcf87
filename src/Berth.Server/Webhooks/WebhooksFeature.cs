using Berth.Server.Cryptography;
using Berth.Server.Webhooks.Events;

namespace Berth.Server.Webhooks;

/// <summary>Tells subscribers about packages, with hooks of repositories and organizations and their deliveries.</summary>
internal static class WebhooksFeature
{
    public static void AddWebhooks(this IServiceCollection services)
    {
        services.AddSingleton<ChangeHook>();
        services.AddSingleton<HookPayload>();
        services.AddSingleton<HookRequests>();
        services.AddSingleton<HookHttp>();
        services.AddSingleton<EnqueueDeliveries>();
        services.AddSingleton<SendDeliveries>();
        services.AddSingleton<IWrappedRows, HookRows>();
        services.AddHostedService<HookWatch>();
    }

    public static void MapWebhooks(this IEndpointRouteBuilder api)
    {
        api.MapHooks("/repos/{owner}/{repo}/hooks", Api.ApiNeed.RepositoryAdministrator, "admin:repo_hook");
        api.MapHooks("/orgs/{org}/hooks", Api.ApiNeed.OrganizationOwner, "admin:org_hook");
    }
}
