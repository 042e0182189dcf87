using System.ComponentModel;
using System.Diagnostics;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces;

/// <summary>How a tool ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output);

/// <summary>Runs a program of this machine, without the server's environment, without a terminal, and with a time limit.</summary>
internal static class ToolProcess
{
    /// <summary>Marks the end of a line that was cut.</summary>
    public const string Cut = " … (the rest of the line is left out)";

    private const int MaxLine = 16 * 1024;
    private const int KeptLines = 200;

    /// <param name="file">Full path.</param>
    /// <param name="arguments">Passed as they are, without a shell.</param>
    /// <exception cref="TimeoutException">It took too long.</exception>
    /// <exception cref="FaultException">It cannot be started.</exception>
    public static async Task<ToolResult> RunAsync(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder,
        Action<string> errorLine,
        TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken, Func<Process, Task>? start = null)
    {
        using var process = new Process { StartInfo = Info(file, arguments, environment, folder) };
        try
        {
            if (start is null)
            {
                process.Start();
            }
            else
            {
                await start(process);
            }
        }
        catch (Win32Exception exception)
        {
            throw new FaultException(FaultKind.Host, $"{file} cannot be started: {exception.Message}", exception);
        }

        process.StandardInput.Close();
        using var expired = new CancellationTokenSource(timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
        Queue<string> output = new();
        try
        {
            await Task.WhenAll(
                ReadLinesAsync(process.StandardError, MaxLine, errorLine, ending.Token),
                ReadLinesAsync(process.StandardOutput, MaxLine, line => Keep(output, line), ending.Token));
            await process.WaitForExitAsync(ending.Token);
        }
        catch (OperationCanceledException exception)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException(
                $"{Path.GetFileName(file)} took longer than {timeout.TotalMinutes:0} minutes and was ended", exception);
        }

        return new ToolResult(process.ExitCode, string.Join('\n', output));
    }

    private static ProcessStartInfo Info(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string folder)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private static void Keep(Queue<string> output, string line)
    {
        output.Enqueue(line);
        if (output.Count > KeptLines)
        {
            output.Dequeue();
        }
    }

    /// <summary>
    /// Reads lines, which end with LF or CR (progress output overwrites itself with CR). A line that is too long is cut and marked.
    /// </summary>
    internal static async Task ReadLinesAsync(TextReader reader, int longest, Action<string> take, CancellationToken cancellationToken)
    {
        var buffer = new char[4096];
        var line = new System.Text.StringBuilder();
        var cut = false;
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellationToken)) > 0)
        {
            foreach (var c in buffer.AsSpan(0, read))
            {
                if (c is not ('\n' or '\r'))
                {
                    cut = line.Length >= longest;
                    if (!cut)
                    {
                        line.Append(c);
                    }
                }
                else
                {
                    Take();
                }
            }
        }

        Take();

        void Take()
        {
            if (line.Length > 0)
            {
                take(cut ? line.Append(Cut).ToString() : line.ToString());
                line.Clear();
                cut = false;
            }
        }
    }
}
