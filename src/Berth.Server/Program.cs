using Berth.Server;
using Berth.Server.Operations;

return await Startup.RunAsync(async () =>
{
    await using var app = BerthApplication.Build(args);
    await app.Services.GetRequiredService<Startup>().PrepareAsync(CancellationToken.None);
    await app.RunAsync();
});
