using Berth.Server.Api;
using Berth.Server.Codespaces.Connections;
using Berth.Server.Codespaces.Connections.Files;
using Berth.Server.Codespaces.Connections.Ports;
using Berth.Server.Codespaces.Connections.Ssh;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Http;

namespace Berth.Server.Codespaces;

internal static class ConnectionsFeature
{
    public static void AddCodespaceConnections(this IServiceCollection services)
    {
        services.AddSingleton<CodespaceConnections>();
        services.AddSingleton<FollowProcess>();
        services.AddSingleton<CopyFiles>();
        services.AddSingleton<SshServerFiles>();
        services.AddSingleton<PortConnector>(provider =>
        {
            var engine = provider.GetRequiredService<IContainerEngine>();
            return (container, port, cancellationToken) => NetworkNamespace.ConnectAsync(engine, container, port, cancellationToken);
        });
        services.AddSingleton<PortLinks>();
        services.AddSingleton<PortCookie>();
        services.AddHttpForwarder();
        services.AddSingleton<PortProxy>();
    }

    /// <summary>Before everything that Berth serves itself.</summary>
    public static void UseForwardedPorts(this WebApplication app) => app.UseMiddleware<PortSite>();

    public static void MapConnections(this IEndpointRouteBuilder api, string one, string scope)
    {
        api.MapPost(one + "/exec", CodespaceExecution.RunAsync).Requires(ApiNeed.User, scope);
        api.MapGet(one + "/exec", CodespaceTerminal.RunAsync).Requires(ApiNeed.User, scope);
        api.MapGet(one + "/forward", PortForwarding.RunAsync).Requires(ApiNeed.User, scope);
        api.MapRead(one + "/ssh", SshEndpoints.GetAsync).Requires(ApiNeed.User, scope);
        api.MapGet(one + "/ssh/connect", SshEndpoints.ConnectAsync).Requires(ApiNeed.User, scope);
        api.MapGet(one + "/files", CodespaceFiles.GetAsync).Requires(ApiNeed.User, scope);
        api.MapPut(one + "/files", CodespaceFiles.PutAsync)
            .Requires(ApiNeed.User, scope)
            .WithMetadata(BodyLimit.ByTheHandler); // The codespace's own disk is the limit.
        api.MapPost(one + "/ports/{port}/link", PortLinks.CreateAsync).Requires(ApiNeed.User, scope);
    }
}
