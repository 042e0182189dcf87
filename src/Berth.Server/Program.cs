using Berth.Server;

return await Startup.RunAsync(async () =>
{
    await using var app = BerthApplication.Build(args);
    await app.Services.GetRequiredService<Startup>().PrepareAsync(CancellationToken.None);
    await app.RunAsync();
});
