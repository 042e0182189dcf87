using System.Net;
using Berth.Server.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Berth.Server.Http;

internal static class HttpFeature
{
    /// <summary>A client that disappeared is noticed after two of these.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);

    public static void AddHttp(this WebApplicationBuilder builder)
    {
        builder.Services.AddExceptionHandler<ErrorWriter>();
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<OutgoingNetworks>();
        builder.Services.AddSingleton<LargeBodies>();
        builder.Services.AddSingleton<ServerCertificate>();
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<AddressOptions>(TrustProxies);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Routes limit their bodies themselves. A slow network is accepted, but an idle connection is closed after the grace period.
            kestrel.Limits.MinRequestBodyDataRate = new(bytesPerSecond: 100, gracePeriod: TimeSpan.FromSeconds(30));
            kestrel.Limits.MaxRequestBufferSize = 512 * 1024;

            // Two pieces of a blob, so that one is read while the other is sent.
            kestrel.Limits.MaxResponseBufferSize = 512 * 1024;
        });
        builder.Services.AddOptions<KestrelServerOptions>().Configure<ListeningOptions, ServerCertificate>(Listen);

        // Socket operations complete on pool threads already. Passing each piece to another thread would cost eight parallel downloads a
        // fifth of their speed. The option's name warns of handlers that block their thread on their own connection, and there are none.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);

        // This comes after Kestrel's own registrations, which it replaces.
        builder.Services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>, ReceiveBlocksFactory>());
    }

    /// <summary>Sets the order: request id, true caller address, errors, names, routes.</summary>
    /// <param name="otherHosts">Handles requests for hosts other than Berth's own, before Berth looks at them itself.</param>
    public static void UseHttp(this WebApplication app, Action<WebApplication> otherHosts)
    {
        app.UseMiddleware<RequestIds>();
        app.UseSoundHosts();
        if (!string.IsNullOrEmpty(app.Services.GetRequiredService<AddressOptions>().TrustedProxies))
        {
            app.UseForwardedHeaders();
        }

        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = KeepAlive, KeepAliveTimeout = KeepAlive });
        app.UseExceptionHandler(_ => { });
        otherHosts(app);
        app.UseNpmPaths();
        app.UseSurfaceLabel();
        app.UseStatusCodePages(context => ErrorWriter.WriteStatusAsync(context.HttpContext));
        app.UseSubdomains();
        app.UseFoldedNames();
        app.UseRouting();
        app.UseBodyLimits();
    }

    private static void Listen(KestrelServerOptions kestrel, ListeningOptions options, ServerCertificate certificate)
    {
        if (!ListenAddress.TryParse(options.Listen, out var address))
        {
            return;
        }

        switch (address.Host)
        {
            case "localhost":
                kestrel.ListenLocalhost(address.Port, certificate.Serve);
                break;
            case "*":
                kestrel.ListenAnyIP(address.Port, certificate.Serve);
                break;
            default:
                kestrel.Listen(IPAddress.Parse(address.Host), address.Port, certificate.Serve);
                break;
        }
    }

    private static void TrustProxies(ForwardedHeadersOptions forwarded, AddressOptions options)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
        forwarded.ForwardLimit = null;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var entry in NetworkList.Split(options.TrustedProxies))
        {
            if (System.Net.IPNetwork.TryParse(entry, out var network))
            {
                forwarded.KnownIPNetworks.Add(network);
            }
            else
            {
                forwarded.KnownProxies.Add(IPAddress.Parse(entry));
            }
        }
    }
}
