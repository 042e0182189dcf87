using System.Text;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// Reads and writes Berth's few files in a container, on a tmpfs that the container alone has and that ends when it stops. A shell of the
/// remote user does it, fed on its standard input: nothing of this machine's file system is touched, no link inside can lead anywhere, and
/// no program is needed but the shell that dev containers need anyway. Contents are neither arguments nor variables.
/// </summary>
internal sealed class EnvironmentFiles(IContainerEngine engine, TimeProvider time)
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const string Mark = "==berth-end-of-file==";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>
    /// What is there, the mark, and then what is sent for it. Only words of the shell itself, but for <c>mkdir</c>, <c>mv</c> and
    /// <c>ln</c>: a file replaces the one before at once, so that nobody reads half of it. <c>~/.docker</c> leads here unless the person
    /// has a folder of that name: programs that do not know DOCKER_CONFIG look there.
    /// </summary>
    private const string UpdateScript = ReadScript + "\nprintf '\\n%s\\n' '" + Mark + "'\n" + """
        umask 077
        take() {
          while IFS= read -r line && [ "$line" != '==berth-end-of-file==' ]; do printf '%s\n' "$line"; done >"$1.new" && mv -f "$1.new" "$1"
        }
        mkdir -p /run/berth/docker /run/berth/git && take /run/berth/docker/config.json && take /run/berth/ca.pem || exit 1
        take /run/berth/git/helper && take /run/berth/git/login && take /run/berth/git/config || exit 1
        [ -n "$HOME" ] && [ ! -e "$HOME/.docker" ] && [ ! -L "$HOME/.docker" ] && ln -s /run/berth/docker "$HOME/.docker" 2>/dev/null

        """ + GitInside.Include + "\nexit 0";

    private const string ReadScript = """
        for file in /run/berth/docker/config.json "$HOME/.docker/config.json"; do
          if [ -r "$file" ]; then while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$file"; break; fi
        done
        """;

    /// <summary>
    /// Writes all files anew, in one process with the reading of what is there: a process in a container costs a tenth of a second.
    /// </summary>
    /// <param name="contents">The files, told docker's configuration as it is inside; null when there is none.</param>
    /// <returns>Null when all is written, else why not.</returns>
    public async Task<string?> UpdateAsync(
        string container, string user, Func<string?, EnvironmentContent> contents, CancellationToken cancellationToken)
    {
        byte[] Input(string current) =>
            Encoding.UTF8.GetBytes(
                string.Concat(contents(current.Length > 0 ? current : null).Files.Select(file => $"{file.TrimEnd('\n')}\n{Mark}\n")));
        var (code, output) = await RunAsync(container, user, UpdateScript, Input, cancellationToken);
        if (code != 0)
        {
            // When a container starts for the second time its tmpfs has the rights of the folder that it is mounted on, which are root's
            // (runc 1.1).
            await RunAsync(container, "0", $"chmod 1777 {EnvironmentVariables.Folder}", null, cancellationToken);
            (code, output) = await RunAsync(container, user, UpdateScript, Input, cancellationToken);
        }

        return code == 0 ? null : $"the files for docker cannot be written inside: {output.Trim()}";
    }

    /// <summary>Docker's configuration as it is inside; null when there is none.</summary>
    public async Task<string?> ReadDockerConfigurationAsync(string container, string user, CancellationToken cancellationToken)
    {
        var (code, output) = await RunAsync(container, user, ReadScript, null, cancellationToken);
        return code == 0 && output.Length > 0 ? output : null;
    }

    /// <param name="answer">What it gets to read once its output has reached the mark; null: nothing.</param>
    /// <returns>How it ended, and its output: after the mark, where there is one.</returns>
    private async Task<(int Code, string Output)> RunAsync(
        string container, string user, string script, Func<string, byte[]>? answer, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var command = new EngineCommand(["/bin/sh", "-c", script], user, "/") { Input = true };
        try
        {
            await using var process = await engine.RunAsync(container, command, limit.Token);
            if (answer is null)
            {
                process.CloseInput();
            }

            using var output = new MemoryStream();
            await process.ReadAsync(
                async (_, piece) =>
                {
                    if (output.Length + piece.Length <= MostBytes)
                    {
                        output.Write(piece.Span);
                    }

                    if (answer is not null && BeforeMark(output) is { } before)
                    {
                        await process.WriteAsync(answer(before), limit.Token);
                        process.CloseInput();
                        answer = null;
                        output.SetLength(0);
                    }
                },
                limit.Token);
            return (await process.ExitCodeAsync(time, limit.Token), Encoding.UTF8.GetString(output.ToArray()));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (-1, $"no answer within {Limit.TotalSeconds:0} seconds");
        }
        catch (IOException exception)
        {
            return (-1, exception.Message);
        }
    }

    private static string? BeforeMark(MemoryStream output)
    {
        var text = output.GetBuffer().AsSpan(0, (int)output.Length);
        return text.EndsWith(MarkLine) ? Encoding.UTF8.GetString(text[..^MarkLine.Length]) : null;
    }

    private static ReadOnlySpan<byte> MarkLine => "\n==berth-end-of-file==\n"u8;
}

/// <summary>Berth's files in a container, in the order in which they are sent.</summary>
/// <param name="DockerConfiguration"><c>config.json</c>.</param>
/// <param name="Certificates">PEM; empty: none.</param>
internal sealed record EnvironmentContent(string DockerConfiguration, string Certificates, GitInside Git)
{
    public IEnumerable<string> Files => [DockerConfiguration, Certificates, .. Git.Files.Select(file => file.Content)];
}
