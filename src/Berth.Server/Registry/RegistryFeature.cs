using Berth.Server.Registry.Authorization;
using Berth.Server.Registry.Blobs;
using Berth.Server.Registry.Catalog;
using Berth.Server.Registry.Manifests;
using Berth.Server.Registry.Referrers;
using Berth.Server.Registry.Tags;
using Berth.Server.Registry.Uploads;

namespace Berth.Server.Registry;

/// <summary>Maps everything under <c>/v2</c>, and <c>/token</c>.</summary>
internal static class RegistryFeature
{
    public static void AddRegistry(this IServiceCollection services)
    {
        services.AddSingleton<RegistryTokens>();
        services.AddSingleton<TokenIssue>();
        services.AddSingleton<Challenge>();
        services.AddSingleton<BlobReads>();
        services.AddSingleton<UploadSession>();
        services.AddSingleton<FinishUpload>();
        services.AddSingleton<MountBlob>();
        services.AddSingleton<ManifestReads>();
        services.AddSingleton<PushManifest>();
        services.AddSingleton<WarmUp>();
        services.AddSingleton<WriteReferrers>();
    }

    public static void MapRegistry(this WebApplication app)
    {
        app.UseMiddleware<RegistryGate>();
        app.MapTokenEndpoint();

        var registry = app.MapGroup("/v2");

        // Callers without a token get 401 with the challenge, from which clients learn where to get one.
        registry.MapMethods("/", ["GET", "HEAD"], Version).Requires(RegistryActions.None);
        registry.MapBlobs();
        registry.MapUploads();
        registry.MapManifests();
        registry.MapTags();
        registry.MapReferrers();
        registry.MapCatalog();
    }

    private static IResult Version(HttpResponse response)
    {
        response.Headers["Docker-Distribution-API-Version"] = "registry/2.0";
        return Results.Json(new { });
    }
}
