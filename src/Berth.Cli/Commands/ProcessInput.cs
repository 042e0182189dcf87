using System.Net.WebSockets;
using Berth.Client;

namespace Berth.Cli.Commands;

/// <summary>
/// Passes standard input on to a process in a codespace. Reading it cannot be cancelled, so nothing waits for its end. The command ends
/// with the process.
/// </summary>
internal static class ProcessInput
{
    public static async Task SendAsync(RemoteProcess process, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            await using var input = Console.OpenStandardInput();
            int read;
            while ((read = await input.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await process.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            await process.WriteAsync(ReadOnlyMemory<byte>.Empty, cancellationToken);
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException or IOException)
        {
            // The process has ended, which the reader of its output notices.
        }
    }
}
