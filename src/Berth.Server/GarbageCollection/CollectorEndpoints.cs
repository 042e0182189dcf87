using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Api.Description;

namespace Berth.Server.GarbageCollection;

/// <summary>The routes that start the collector, for site administrators who do not want to wait for its next run.</summary>
internal static class CollectorEndpoints
{
    private const string Scope = "site_admin";

    public static void MapCollector(this IEndpointRouteBuilder api)
    {
        api.MapRead("/admin/garbage-collection", Get).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Get the last run of the garbage collector").Gives<GarbageCollectionRun>();
        api.MapPost("/admin/garbage-collection", Begin).Requires(ApiNeed.SiteAdministrator, Scope)
            .Does("Begin a run of the garbage collector").Begins<GarbageCollectionRun>();
    }

    private static IResult Get(CollectorSchedule schedule) => ApiResult.Ok(ToWire(schedule.Last));

    /// <summary>
    /// 202 with the run that has just begun, or was running already. It ends when the server stops, and the next run does the rest.
    /// </summary>
    private static IResult Begin(CollectorSchedule schedule, IHostApplicationLifetime lifetime)
    {
        _ = schedule.RunAsync(lifetime.ApplicationStopping);
        return ApiResult.Accepted(ToWire(schedule.Last));
    }

    private static GarbageCollectionRun ToWire(CollectorRun? run) => new()
    {
        State = run is null ? "none" : run.FinishedAt is null ? "running" : run.Collected is null ? "failed" : "finished",
        StartedAt = run?.StartedAt,
        FinishedAt = run?.FinishedAt,
        Versions = run?.Collected?.Manifests ?? 0,
        Packages = run?.Collected?.Packages ?? 0,
        Links = run?.Collected?.Links ?? 0,
        Blobs = run?.Collected?.Blobs ?? 0,
        Bytes = run?.Collected?.Bytes ?? 0,
        Uploads = run?.Collected?.Uploads ?? 0,
        StrayFiles = run?.Collected?.Strays ?? 0,
    };
}
