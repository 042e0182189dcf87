using System.Text;
using System.Text.Json.Nodes;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Inside;

/// <summary>
/// Reads and writes Berth's few files in a container, on a tmpfs that the container alone has and that ends when it stops. A shell of the remote user does it, fed on
/// its standard input: nothing of this machine's file system is touched, no link inside can lead anywhere, and no program is needed but the shell that dev
/// containers need anyway. Contents are neither arguments nor variables.
/// </summary>
internal sealed class InsideFiles(EngineClient engine, TimeProvider time)
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const string Mark = "==berth-end-of-file==";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Only words of the shell itself, but for <c>mkdir</c>, <c>mv</c> and <c>ln</c>: a file replaces the one before at once, so that nobody reads half of it. <c>~/.docker</c> leads
    /// here unless the person has a folder of that name: programs that do not know DOCKER_CONFIG look there.
    /// </summary>
    private const string WriteScript = """
        umask 077
        take() {
          while IFS= read -r line && [ "$line" != '==berth-end-of-file==' ]; do printf '%s\n' "$line"; done >"$1.new" && mv -f "$1.new" "$1"
        }
        mkdir -p /run/berth/docker && take /run/berth/docker/config.json && take /run/berth/npmrc && take /run/berth/ca.pem || exit 1
        [ -n "$HOME" ] && [ ! -e "$HOME/.docker" ] && [ ! -L "$HOME/.docker" ] && ln -s /run/berth/docker "$HOME/.docker" 2>/dev/null
        exit 0
        """;

    private const string ReadScript = """
        for file in /run/berth/docker/config.json "$HOME/.docker/config.json"; do
          if [ -r "$file" ]; then while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$file"; exit 0; fi
        done
        """;

    /// <summary>Null when all is written, else why not.</summary>
    public async Task<string?> WriteAsync(
        string container, string user, string dockerConfiguration, string npmrc, string certificates, CancellationToken cancellationToken)
    {
        var input = new StringBuilder();
        foreach (var file in new[] { dockerConfiguration, npmrc, certificates })
        {
            input.Append(file.TrimEnd('\n')).Append('\n').Append(Mark).Append('\n');
        }

        var bytes = Encoding.UTF8.GetBytes(input.ToString());
        var (code, output) = await RunAsync(container, user, WriteScript, bytes, cancellationToken);
        if (code != 0)
        {
            // When a container starts for the second time its tmpfs has the rights of the folder that it is mounted on, which are root's (runc 1.1).
            await RunAsync(container, "0", $"chmod 1777 {InsideVariables.Folder}", [], cancellationToken);
            (code, output) = await RunAsync(container, user, WriteScript, bytes, cancellationToken);
        }

        return code == 0 ? null : $"the files for docker and npm cannot be written inside: {output.Trim()}";
    }

    /// <summary>Docker's configuration as it is inside; null when there is none.</summary>
    public async Task<string?> ReadDockerConfigurationAsync(string container, string user, CancellationToken cancellationToken)
    {
        var (code, output) = await RunAsync(container, user, ReadScript, [], cancellationToken);
        return code == 0 && output.Length > 0 ? output : null;
    }

    private async Task<(int Code, string Output)> RunAsync(string container, string user, string script, byte[] input, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var body = new JsonObject
        {
            ["AttachStdin"] = true,
            ["AttachStdout"] = true,
            ["AttachStderr"] = true,
            ["Cmd"] = new JsonArray("/bin/sh", "-c", script),
            ["User"] = user,
            ["WorkingDir"] = "/",
        };
        try
        {
            await using var process = await EngineProcess.StartAsync(engine, container, body, tty: false, limit.Token);
            await process.WriteAsync(input, limit.Token);
            process.CloseInput();
            using var output = new MemoryStream();
            await process.ReadAsync(
                (_, piece) =>
                {
                    if (output.Length + piece.Length <= MostBytes)
                    {
                        output.Write(piece.Span);
                    }

                    return Task.CompletedTask;
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
}
