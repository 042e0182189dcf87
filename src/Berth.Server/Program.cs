using Berth.Server;
using Berth.Server.Operations;
using Berth.Server.Registry;

return await Startup.RunAsync(async () =>
{
    await using var app = BerthApplication.Build(args);
    await app.Services.GetRequiredService<Startup>().PrepareAsync(CancellationToken.None);
    app.Services.GetRequiredService<Opening>().StayUnready();
    await app.StartAsync();
    await app.Services.GetRequiredService<WarmUp>().RunAsync(app.Lifetime.ApplicationStopping);
    await app.WaitForShutdownAsync();
});
