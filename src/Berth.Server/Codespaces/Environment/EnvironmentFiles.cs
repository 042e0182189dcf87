using System.Text;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// Reads and writes Berth's few files in a container. They lie on a tmpfs that only this container has and that ends when it stops. A shell
/// of the remote user does the work and gets the contents on its standard input. So nothing touches this machine's file system, no link
/// inside can lead out, and no program is needed but the shell that dev containers need anyway. Contents are neither arguments nor
/// variables.
/// </summary>
internal sealed class EnvironmentFiles(IContainerEngine engine, TimeProvider time)
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const string Mark = "==berth-end-of-file==";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Prints the present file and the mark, then reads what to write. It uses only commands of the shell itself, apart from <c>mkdir</c>,
    /// <c>mv</c> and <c>ln</c>. A file replaces the one before it in one step, so that nobody reads half of it. <c>~/.docker</c> becomes a
    /// link to this folder unless the person has a folder of that name, because programs that do not know DOCKER_CONFIG look there. npm
    /// reads Berth's file instead of its global one. The image's global file is appended to it and wins.
    /// </summary>
    private const string UpdateScript = ReadScript + "\nprintf '\\n%s\\n' '" + Mark + "'\n" + """
        IFS= read -r opened
        umask 077
        take() {
          {
            while IFS= read -r line && [ "$line" != '==berth-end-of-file==' ]; do printf '%s\n' "$line"; done
            [ ! -r "$2" ] || while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$2"
          } >"$1.new" && mv -f "$1.new" "$1"
        }
        node=$(command -v node)
        mkdir -p /run/berth/docker /run/berth/git && take /run/berth/docker/config.json && take /run/berth/ca.pem || exit 1
        take /run/berth/npmrc "${node:+${node%/bin/node}/etc/npmrc}" || exit 1
        take /run/berth/git/helper && take /run/berth/git/login && take /run/berth/git/config || exit 1
        take /run/berth/git/signing && take /run/berth/git/signing-key || exit 1
        [ -n "$HOME" ] && [ ! -e "$HOME/.docker" ] && [ ! -L "$HOME/.docker" ] && ln -s /run/berth/docker "$HOME/.docker" 2>/dev/null

        """ + GitInside.Include + "\n" + GitSigning.Check + "\nexit 0";

    private const string WrittenMark = "==berth-files-written==";

    /// <summary>
    /// Runs the update and prints its exit code after the mark. What follows it gets no input, and its errors are not kept.
    /// </summary>
    private const string WriteScript = "(\n" + UpdateScript + "\n)\n"
        + "printf '\\n%s %s\\n' '" + WrittenMark + "' \"$?\"\nexec </dev/null 2>/dev/null";

    private const string ReadScript = """
        for file in /run/berth/docker/config.json "$HOME/.docker/config.json"; do
          if [ -r "$file" ]; then while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$file"; break; fi
        done
        """;

    /// <summary>
    /// Writes all files anew. One process does this, reads the present file, and asks the user's shell, since each process in a container
    /// costs a tenth of a second.
    /// </summary>
    /// <param name="contents">Makes the files. It gets docker's configuration as it is inside, or null when there is none.</param>
    /// <param name="question">Asked when all files are written. Null: nothing is asked.</param>
    public async Task<EnteredContainer> UpdateAsync(
        string container, string user, Func<string?, EnvironmentContent> contents, ShellQuestion? question,
        CancellationToken cancellationToken)
    {
        var entered = await WriteAsync(container, user, contents, question, cancellationToken);
        if (entered is { Fault: null } or { Answer: null } || user is "root" or "0")
        {
            return entered;
        }

        // The folder is the remote user's. It is root's in a container that an older version made, and another's when the container has
        // changed the user's number. When a container starts again, runc 1.1 gives the tmpfs the rights of the folder beneath it, so that
        // only the owner may write to it.
        await RunAsync(container, Shell("0", [$"chmod 1777 {EnvironmentVariables.Folder}"]), null, cancellationToken);
        return await WriteAsync(container, user, contents, question, cancellationToken);
    }

    private async Task<EnteredContainer> WriteAsync(
        string container, string user, Func<string?, EnvironmentContent> contents, ShellQuestion? question,
        CancellationToken cancellationToken)
    {
        byte[] Input(string current) => Encoding.UTF8.GetBytes(
            "\n" + string.Concat(contents(current.Length > 0 ? current : null).Files.Select(file => $"{file.TrimEnd('\n')}\n{Mark}\n")));
        var command = Shell(user, [$"{WriteScript}\n{question?.Script}", "-", .. question?.Arguments ?? []]);
        var output = await RunAsync(container, command, Input, cancellationToken);
        return new EnteredContainer(
            output.HasWritten ? null : $"the files for docker cannot be written inside: {output.Errors.Trim()}",
            output.TookTooLong ? null : output.Answer)
        {
            Note = output.HasWritten ? output.Note : null,
        };
    }

    /// <summary>Docker's configuration as it is inside; null when there is none.</summary>
    public async Task<string?> ReadDockerConfigurationAsync(string container, string user, CancellationToken cancellationToken)
    {
        var output = await RunAsync(container, Shell(user, [ReadScript]), null, cancellationToken);
        return output is { Code: 0, Text.Length: > 0 } ? output.Text : null;
    }

    private static EngineCommand Shell(string user, string[] arguments) =>
        new(["/bin/sh", "-c", .. arguments], user, "/") { Input = true };

    /// <param name="answer">Makes the input of the process once its output has reached the mark. Null: no input.</param>
    private async Task<Output> RunAsync(
        string container, EngineCommand command, Func<string, byte[]>? answer, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var output = new MemoryStream();
        var asked = false;
        IEngineProcess? process = null;
        try
        {
            process = await engine.RunAsync(container, command, either.Token);
            if (answer is null)
            {
                process.CloseInput();
            }

            await process.ReadAsync(
                async (_, piece) =>
                {
                    var seen = (int)output.Length;
                    output.Write(piece.Span[..(int)Math.Min(piece.Length, MostBytes - output.Length)]);
                    if (answer is not null && BeforeMark(output) is { } before)
                    {
                        await process.WriteAsync(answer(before), either.Token);
                        process.CloseInput();
                        answer = null;
                        output.SetLength(0);
                    }
                    else if (answer is null && !asked && HasMarkSince(output, seen))
                    {
                        asked = true;
                        limit.CancelAfter(ShellQuestion.Limit);
                    }
                },
                either.Token);
            return Output.Of(output) with { Code = await process.ExitCodeAsync(time, either.Token) };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await (process?.KillAsync(time, cancellationToken) ?? Task.CompletedTask);
            return Output.Of(output) is { Asks: true } written
                ? written with { TookTooLong = true }
                : new Output(-1, $"no answer within {Limit.TotalSeconds:0} seconds") { TookTooLong = true };
        }
        catch (IOException exception)
        {
            return Output.Of(output) is { Asks: true } written ? written : new Output(-1, exception.Message);
        }
        finally
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>What a process printed, split at the mark if there is one.</summary>
    private sealed record Output(int Code, string Text)
    {
        public bool TookTooLong { get; init; }

        /// <summary>The files are written, and the question is being asked.</summary>
        public bool Asks => Parts.Length == 2 && Parts[1].Contains('\n', StringComparison.Ordinal);

        public bool HasWritten => Asks && Parts[1].StartsWith("0\n", StringComparison.Ordinal);

        public string Errors => Parts[0];

        public string? Note => Parts[0].Split('\n').LastOrDefault(line => line.StartsWith(GitSigning.Note, StringComparison.Ordinal))
            ?[GitSigning.Note.Length..];

        /// <summary>What the question's script printed.</summary>
        public string Answer => Asks ? Parts[1][(Parts[1].IndexOf('\n', StringComparison.Ordinal) + 1)..] : "";

        private string[] Parts => Text.Split($"\n{WrittenMark} ", 2);

        public static Output Of(MemoryStream output) =>
            new(-1, Encoding.UTF8.GetString(output.GetBuffer().AsSpan(0, (int)output.Length)));
    }

    private static string? BeforeMark(MemoryStream output)
    {
        var text = output.GetBuffer().AsSpan(0, (int)output.Length);
        return text.EndsWith(MarkLine) ? Encoding.UTF8.GetString(text[..^MarkLine.Length]) : null;
    }

    /// <summary>Searches only the new output, since a shell may print much and a little at a time.</summary>
    private static bool HasMarkSince(MemoryStream output, int seen)
    {
        var from = Math.Max(0, seen - WrittenMark.Length);
        return output.GetBuffer().AsSpan(from, (int)output.Length - from).IndexOf(Encoding.UTF8.GetBytes(WrittenMark)) >= 0;
    }

    private static ReadOnlySpan<byte> MarkLine => "\n==berth-end-of-file==\n"u8;
}

/// <summary>Berth's files in a container, in the order in which they are sent.</summary>
/// <param name="DockerConfiguration">The text of <c>config.json</c>.</param>
/// <param name="Certificates">In PEM form. Empty: none.</param>
/// <param name="Npm">The text of an <c>npmrc</c>. Empty: there is none.</param>
internal sealed record EnvironmentContent(string DockerConfiguration, string Certificates, string Npm, GitInside Git)
{
    public IEnumerable<string> Files => [DockerConfiguration, Certificates, Npm, .. Git.Files.Select(file => file.Content)];
}

/// <summary>A question for the user's shell: a script for sh(1) and its arguments.</summary>
internal sealed record ShellQuestion(string Script, IReadOnlyList<string> Arguments)
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
}

/// <param name="Fault">Why Berth's files could not be written. Null: they were written.</param>
/// <param name="Answer">What the question's script printed. Null: it took too long, or nothing was asked.</param>
internal sealed record EnteredContainer(string? Fault, string? Answer)
{
    /// <summary>What people should know about the files. Null: nothing.</summary>
    public string? Note { get; init; }
}
