using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Berth.Client.Wire;
using Berth.Server.Api;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>Links that sign a browser in to a forwarded port; each works once, within a minute.</summary>
internal sealed class PortLinks(Db db, TimeProvider time, AddressOptions options)
{
    /// <summary>The sign-in path on a host of forwarded ports. It hides an application's own path of this name.</summary>
    public const string Path = "/.berth/sign-in";

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    /// <summary>Makes a link for the creator, through the API or <c>berth codespace forward --browser</c>.</summary>
    public static async Task<IResult> CreateAsync(
        string name, string port, ApiCaller caller, CodespaceConnections connections, PortLinks links, AddressOptions options,
        CancellationToken cancellationToken)
    {
        var running = await connections.RunningAsync(caller, name, cancellationToken);
        if (!ushort.TryParse(port, out var number) || number == 0)
        {
            return ApiErrors.Invalid("Path", "port", "port must be a number from 1 to 65535");
        }

        if (options.PortsHost is null)
        {
            return CodespaceConnections.Unprocessable(
                "forwarded ports do not open in browsers here: the operator has set no BERTH_PORTS_DOMAIN; use berth codespace forward");
        }

        return ApiResult.Created(await links.MakeAsync(running.Codespace, number, cancellationToken));
    }

    /// <summary>Uses up a link. True only once for every link.</summary>
    public Task<bool> UseAsync(string? ticket, Codespace codespace, int port, CancellationToken cancellationToken)
    {
        var (hash, now) = (Hash(ticket ?? ""), time.GetUtcNow());
        return db.WriteAsync(
            async session => await session.ExecuteAsync(
                "delete from codespace_port_links where hash = @hash and codespace_id = @id and port = @port and expires_at > @now",
                new { hash, id = codespace.Id, port, now }) == 1,
            cancellationToken);
    }

    private async Task<CodespacePort> MakeAsync(Codespace codespace, int port, CancellationToken cancellationToken)
    {
        var ticket = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var (hash, now) = (Hash(ticket), time.GetUtcNow());
        await db.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync("delete from codespace_port_links where expires_at <= @now", new { now });
                await session.ExecuteAsync(
                    "insert into codespace_port_links (hash, codespace_id, port, expires_at) values (@hash, @id, @port, @expires)",
                    new { hash, id = codespace.Id, port, expires = now + Life });
            },
            cancellationToken);
        var url = new PortHost(codespace.Name, port).Url(options);
        return new CodespacePort(port, url + "/", $"{url}{Path}?ticket={ticket}", now + Life);
    }

    private static byte[] Hash(string ticket) => SHA256.HashData(Encoding.UTF8.GetBytes(ticket));
}
