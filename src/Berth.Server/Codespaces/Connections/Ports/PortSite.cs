using System.Net;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// Serves the hosts of forwarded ports. It comes before everything else of Berth, so that no API, registry or page is ever served on these
/// hosts. Only its creator may see a port: a request needs the cookie that a one-time link has set on this host, and a page of another site
/// may not make it (<see cref="PortOrigin"/>).
/// </summary>
internal sealed class PortSite(
    RequestDelegate next, AddressOptions options, Db db, PortLinks links, PortCookie cookies, PortProxy proxy,
    CodespaceConnections connections)
{
    private const string NotThere = "There is no forwarded port at this address, or its codespace does not run.";

    public async Task InvokeAsync(HttpContext http)
    {
        if (!PortHost.IsBelow(options, http.Request.HostName(), out var host))
        {
            await next(http);
            return;
        }

        SurfaceLabel.Set(http, "ports");
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        if (host is null
            || await db.ReadAsync(session => CodespaceTable.FindAsync(session, host.Codespace), http.RequestAborted) is not { } codespace)
        {
            await RefuseAsync(http, HttpStatusCode.NotFound, NotThere);
        }
        else if (codespace is not { State: CodespaceState.Available, Desired: CodespaceDesire.Available })
        {
            await RefuseStandingAsync(http, codespace, host.Port);
        }
        else if (http.Request.Path.Value == PortLinks.Path)
        {
            await SignInAsync(http, codespace, host.Port);
        }
        else if (!cookies.Opens(http.Request.Cookies[PortCookie.Name], codespace, host.Port))
        {
            // The answer does not reveal whether the port exists.
            await RefuseAsync(
                http, HttpStatusCode.Unauthorized,
                $"Only the codespace's creator can open this. Get a link with: berth codespace "
                    + $"forward {codespace.Name} {host.Port} --browser");
        }
        else if (PortOrigin.IsForeign(http.Request, options, codespace.Name))
        {
            await RefuseAsync(
                http, HttpStatusCode.Forbidden,
                "This request was made by a page of another site. A forwarded port takes requests of its own pages and of those on other "
                    + "ports of its codespace; others can link to it.");
        }
        else
        {
            await ServeAsync(http, codespace, host.Port);
        }
    }

    /// <summary>Tells people who had the port open when the engine is the reason. To everybody else the port does not exist.</summary>
    private async Task RefuseStandingAsync(HttpContext http, Codespace codespace, int port)
    {
        var away = cookies.Opens(http.Request.Cookies[PortCookie.Name], codespace, port)
            ? await connections.EngineAwayAsync(codespace, http.RequestAborted)
            : null;
        await RefuseAsync(http, away is null ? HttpStatusCode.NotFound : HttpStatusCode.BadGateway, away?.Message ?? NotThere);
    }

    private async Task SignInAsync(HttpContext http, Codespace codespace, int port)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsGet(http.Request.Method)
            || !await links.UseAsync(http.Request.Query["ticket"], codespace, port, http.RequestAborted))
        {
            await RefuseAsync(
                http, HttpStatusCode.Unauthorized,
                "This link has been used or is too old. Get another with: berth codespace forward --browser");
            return;
        }

        // Without a domain the browser sends it to this host only.
        http.Response.Cookies.Append(PortCookie.Name, cookies.Create(codespace, port), new CookieOptions
        {
            HttpOnly = true,
            Secure = options.BaseUri.Scheme == "https",
            SameSite = SameSiteMode.Lax,
            Path = "/",
            MaxAge = PortCookie.Life,
        });
        http.Response.Redirect("/");
    }

    private async Task ServeAsync(HttpContext http, Codespace codespace, int port)
    {
        try
        {
            var running = await connections.RunningAsync(codespace, http.RequestAborted);
            await connections.TouchAsync(codespace.Id, http.RequestAborted);
            if (!await proxy.ForwardAsync(http, running, port))
            {
                await RefuseAsync(http, HttpStatusCode.BadGateway, $"Nothing answers at port {port} of the codespace.");
            }
        }
        catch (ApiException exception) when (!http.Response.HasStarted)
        {
            await RefuseAsync(http, HttpStatusCode.BadGateway, exception.Error.Message);
        }
    }

    /// <summary>Answers in plain text, whatever was asked for, since these hosts serve nothing else of Berth's.</summary>
    private static Task RefuseAsync(HttpContext http, HttpStatusCode status, string words)
    {
        http.Response.StatusCode = (int)status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers["X-Content-Type-Options"] = "nosniff";
        return http.Response.WriteAsync(words + "\n", http.RequestAborted);
    }
}
