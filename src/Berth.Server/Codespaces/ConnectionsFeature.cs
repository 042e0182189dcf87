using Berth.Server.Api;
using Berth.Server.Api.Description;
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

    /// <summary>Adds the forwarded ports. They come before everything that Berth serves itself.</summary>
    public static void UseForwardedPorts(this WebApplication app) => app.UseMiddleware<PortSite>();

    public static void MapConnections(this IEndpointRouteBuilder api, string one, string scope)
    {
        api.MapPost(one + "/exec", CodespaceExecution.RunAsync).Requires(ApiNeed.User, scope)
            .Does("Run a command in a codespace").Takes<Client.Wire.CodespaceExec>().GivesBytes(CodespaceExecution.MediaType)
            .Refuses(409);
        api.MapGet(one + "/exec", CodespaceTerminal.RunAsync).Requires(ApiNeed.User, scope)
            .Does("Run a command in a codespace with a terminal").GivesWebSocket().Refuses(409).Refuses(422);
        api.MapGet(one + "/forward", PortForwarding.RunAsync).Requires(ApiNeed.User, scope)
            .Does("Connect to a port of a codespace").Needs("port", "A port of the codespace, from 1 to 65535.").GivesWebSocket()
            .Refuses(409);
        api.MapRead(one + "/ssh", SshEndpoints.GetAsync).Requires(ApiNeed.User, scope)
            .Does("Get what an SSH client needs to know of a codespace").Gives<Client.Wire.CodespaceSsh>();
        api.MapGet(one + "/ssh/connect", SshEndpoints.ConnectAsync).Requires(ApiNeed.User, scope)
            .Does("Connect to a codespace by SSH").GivesWebSocket().Refuses(409).Refuses(422);
        api.MapGet(one + "/files", CodespaceFiles.GetAsync).Requires(ApiNeed.User, scope)
            .Does("Copy a file or folder out of a codespace")
            .Needs("path", "A path in the codespace; a relative one begins at its workspace.").GivesBytes(CodespaceFiles.MediaType)
            .Refuses(409);
        api.MapPut(one + "/files", CodespaceFiles.PutAsync)
            .Requires(ApiNeed.User, scope)
            .WithMetadata(BodyLimit.ByTheHandler) // The codespace's own disk is the limit.
            .Does("Copy a file or folder into a codespace").TakesBytes(CodespaceFiles.MediaType)
            .Needs("path", "Where to; a relative path begins at the codespace's workspace.")
            .Needs("name", "The name of the file or folder in the archive.").Gives<Client.Wire.CopiedFiles>().Refuses(409);
        api.MapPost(one + "/ports/{port}/link", PortLinks.CreateAsync).Requires(ApiNeed.User, scope)
            .Does("Make a link that opens a port of a codespace in a browser").Creates<Client.Wire.CodespacePort>().Refuses(409);
    }
}
