using Berth.Server.Metrics;

namespace Berth.Server.Operations;

internal static class OperationsFeature
{
    public static void AddOperations(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DataFolder>();
        builder.Services.AddSingleton<Opening>();
        builder.AddTelemetry();
        builder.Services.AddSingleton<BerthMetrics>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
    }

    public static void MapOperations(this WebApplication app)
    {
        app.MapMethods("/healthz", ["GET", "HEAD"], () => Results.Text("ok\n"));
        app.MapMethods("/readyz", ["GET", "HEAD"], Readiness.CheckAsync);
        app.MapMetrics();
    }
}
