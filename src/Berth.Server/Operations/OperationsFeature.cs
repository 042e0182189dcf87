namespace Berth.Server.Operations;

internal static class OperationsFeature
{
    public static void AddOperations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DataFolder>();
        builder.Services.AddSingleton<Opening>();
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<BerthMetrics>();
        builder.Services.AddSingleton<PrometheusText>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
    }

    public static void MapOperations(this WebApplication app)
    {
        // Made now: it counts from the first request on.
        app.Services.GetRequiredService<PrometheusText>();
        app.MapMethods("/healthz", ["GET", "HEAD"], () => Results.Text("ok\n"));
        app.MapMethods("/readyz", ["GET", "HEAD"], Readiness.CheckAsync);
        app.MapMethods("/metrics", ["GET", "HEAD"], MetricsEndpoint.GetAsync);
    }
}
