using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Operations;
using Berth.Server.Security;
using Berth.Server.Settings;
using Berth.Server.Tokens;

return await Startup.RunAsync(async () =>
{
    var builder = WebApplication.CreateSlimBuilder(args);
    var options = builder.AddSettings();
    builder.AddHttp(options);
    builder.AddOperations();
    builder.Services.AddDatabase();
    builder.Services.AddSecurity();
    builder.Services.AddTokens();
    builder.Services.AddAccess();

    await using var app = builder.Build();
    app.UseHttp();
    app.MapOperations();
    app.MapTokens();

    await app.Services.GetRequiredService<Startup>().PrepareAsync(CancellationToken.None);
    await app.RunAsync();
});

/// <summary>Named so that tests can start the application.</summary>
internal sealed partial class Program;
