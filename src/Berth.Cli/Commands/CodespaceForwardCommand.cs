using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Berth.Client;

namespace Berth.Cli.Commands;

/// <summary><c>berth codespace forward</c>: makes ports of a codespace reachable on this machine, or as a link for a browser.</summary>
internal static class CodespaceForwardCommand
{
    public static BerthCommand Build()
    {
        var name = CodespaceCommands.Name();
        var ports = new Argument<string[]>("PORT[:LOCAL]")
        {
            Description = "A port of the codespace, and the port here (default: the same; 0: a free one)",
            Arity = ArgumentArity.OneOrMore,
        };
        var browser = new Option<bool>("--browser") { Description = "Print a link that opens the port in a browser, and end" };
        return BerthCommand.Of(
            "forward",
            "Reach ports of a codespace at 127.0.0.1 of this machine, until this command is ended; or print a link that opens one in a "
                + "browser.",
            [
                "berth codespace forward ada-app-g4wpq6h95q 8080", "berth codespace forward ada-app-g4wpq6h95q 5432:15432 8080",
                "berth codespace forward ada-app-g4wpq6h95q 8080 --browser",
            ],
            [name, ports, browser],
            async call =>
            {
                var wanted = call.Get(ports).Select(Parse).ToList();
                if (call.Get(browser))
                {
                    foreach (var (remote, _) in wanted)
                    {
                        call.Print(
                            await call.Client.PortLinkAsync(call.Get(name), remote, call.CancellationToken),
                            (writer, port) => writer.WriteLine(port.SignInUrl));
                    }

                    return;
                }

                await Task.WhenAll(wanted.Select(port => ListenAsync(call, call.Get(name), port.Remote, port.Local)).ToList());
            });
    }

    private static (int Remote, int Local) Parse(string text)
    {
        var parts = text.Split(':');
        var remote = Number(parts[0], least: 1);
        var local = parts.Length == 1 ? remote : parts.Length == 2 ? Number(parts[1], least: 0) : -1;
        return remote > 0 && local >= 0
            ? (remote, local)
            : throw new CommandException(ExitCodes.Usage, $"'{text}' is not PORT or PORT:LOCAL");
    }

    private static int Number(string text, int least) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least ? number : -1;

    private static async Task ListenAsync(CommandCall call, string name, int remote, int local)
    {
        using var listener = new TcpListener(IPAddress.Loopback, local);
        try
        {
            listener.Start();
        }
        catch (SocketException exception)
        {
            throw new CommandException(ExitCodes.Failed, $"port {local} of this machine cannot be used: {exception.Message}");
        }

        call.WriteDone($"Forwarding 127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port} to port {remote} of {name}.");
        while (true)
        {
            _ = ServeAsync(call, name, remote, await listener.AcceptSocketAsync(call.CancellationToken));
        }
    }

    private static async Task ServeAsync(CommandCall call, string name, int remote, Socket socket)
    {
        await using var local = new NetworkStream(socket, ownsSocket: true);
        try
        {
            using var tunnel = await call.Client.ForwardAsync(name, remote, call.CancellationToken);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken);
            var up = UpAsync(local, tunnel, ended.Token);
            await DownAsync(tunnel, local, ended.Token);
            await ended.CancelAsync();
            await up;
        }
        catch (BerthException exception)
        {
            call.WriteDone($"berth: {exception.Message}");
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException)
        {
            // One side has closed the connection.
        }
    }

    private static async Task UpAsync(NetworkStream local, WebSocket tunnel, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            int read;
            do
            {
                // The last message is empty, which ends this direction.
                read = await local.ReadAsync(buffer, cancellationToken);
                await tunnel.SendAsync(buffer.AsMemory(0, read), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            }
            while (read > 0);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException)
        {
            // The other direction ends the connection.
        }
    }

    private static async Task DownAsync(WebSocket tunnel, NetworkStream local, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        var first = true;
        while (true)
        {
            var result = await tunnel.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            if (first && result is { Count: 0, EndOfMessage: true })
            {
                local.Socket.Shutdown(SocketShutdown.Send);
            }

            first = result.EndOfMessage;
            await local.WriteAsync(buffer.AsMemory(0, result.Count), cancellationToken);
        }
    }
}
