using System.Globalization;
using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Authentication;
using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Permissions;
using Berth.Server.Codespaces.Prebuilds;
using Berth.Server.Cryptography;
using Berth.Server.Database;
using Berth.Server.GarbageCollection;
using Berth.Server.Http;
using Berth.Server.Npm;
using Berth.Server.Operations;
using Berth.Server.Organizations;
using Berth.Server.Packages;
using Berth.Server.Registries;
using Berth.Server.Registry;
using Berth.Server.Repositories;
using Berth.Server.Secrets;
using Berth.Server.Settings;
using Berth.Server.Storage;
using Berth.Server.Tokens;
using Berth.Server.Webhooks;
using Berth.Server.Trusts;

namespace Berth.Server;

/// <summary>The parts of the server, and the order in which a request passes them.</summary>
internal static class BerthApplication
{
    /// <param name="args">Settings as <c>--BERTH_URL=…</c>, in addition to the environment.</param>
    /// <param name="configure">Replaces parts. Tests bring a clock of their own.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Settings are wrong. The message names all of
    /// them.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // The server's texts are English on every machine, and so are the numbers in them.
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;

        // appsettings.json is beside the program, wherever it is started from.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddSettings(AllSettings.Classes);
        builder.AddHttp();
        builder.AddOperations();
        builder.Services.AddSingleton<Startup>();
        builder.Services.AddDatabase();
        builder.Services.AddCryptography();
        builder.Services.AddAuthenticator();
        builder.Services.AddTokens();
        builder.Services.AddAccounts();
        builder.Services.AddAccess();
        builder.Services.AddApi();
        builder.Services.AddAudit();
        builder.Services.AddOrganizations();
        builder.Services.AddRepositories();
        builder.Services.AddStorage();
        builder.Services.AddPackages();
        builder.Services.AddRegistry();
        builder.Services.AddNpm();
        builder.Services.AddWebhooks();
        builder.Services.AddGarbageCollection();
        builder.Services.AddRegistries();
        builder.Services.AddTrusts();
        builder.Services.AddSecrets();
        builder.Services.AddCodespaces();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseHttp(otherHosts: ports => ports.UseForwardedPorts());
        app.MapOperations();
        app.MapRegistry();
        app.MapNpm();
        app.MapOAuth();
        app.UseApi();
        var api = app.MapApi();
        api.MapAccountFeature();
        api.MapOrganizationFeature();
        api.MapRepositoryFeature();
        api.MapCodespaces();
        app.MapPermissionPage();
        app.MapPushes();
        api.MapCodespacePolicies();
        api.MapTokens();
        api.MapTrusts();
        api.MapPackageFeature();
        api.MapSecrets();
        api.MapKeyRotation();
        api.MapGarbageCollection();
        api.MapAudit();
        api.MapWebhooks();
        return app;
    }
}
