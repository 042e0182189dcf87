using System.Runtime.InteropServices;
using System.Text;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Repositories.Cloning;

namespace Berth.Server.Codespaces.Git;

/// <summary>
/// Answers git's question for a user name and a password (gitcredentials(7), GIT_ASKPASS) without writing either to disk: a small script in
/// the sandbox reads them from two pipes that only the sandbox's user may open. Nothing of them is in an argument, an environment, a URL or
/// git's configuration, and nothing is left when the clone ends or the server is killed.
/// </summary>
internal sealed partial class CloneAskpass : IDisposable
{
    /// <summary>git asks once; a copy more for a second question than anybody could wait for would be needed.</summary>
    private const int Copies = 4;

    /// <summary>Questions for any server other than the credential's own get no answer.</summary>
    private const string Script = """
        #!/bin/sh
        case $1 in
        "Username for '$BERTH_ASKPASS_SCHEME://$BERTH_ASKPASS_HOST': ") from=username ;;
        "Password for '$BERTH_ASKPASS_SCHEME://"*"@$BERTH_ASKPASS_HOST': ") from=password ;;
        *) exit 1 ;;
        esac
        IFS= read -r answer < "$0.$from" && printf '%s\n' "$answer"

        """;

    private readonly string _script;
    private readonly string _cloneUrl;
    private readonly List<FileStream> _pipes = [];

    /// <param name="credential">Must be for the origin of <paramref name="cloneUrl"/>.</param>
    public CloneAskpass(CloneCredential credential, string cloneUrl, SandboxView view)
    {
        if (CloneOrigin.Of(cloneUrl) != credential.Origin)
        {
            throw new ArgumentException("the credential is for another server", nameof(credential));
        }

        _cloneUrl = cloneUrl;
        _script = Path.Combine(view.Files, "askpass");
        Remove();
        File.WriteAllText(_script, Script);
        File.SetUnixFileMode(_script, ReadAndExecute);
        Offer("username", credential.UserName, view.User);
        Offer("password", credential.Password, view.User);
    }

    /// <summary>The files that the sandbox must be able to read.</summary>
    public IReadOnlyList<string> Paths => [_script, Pipe("username"), Pipe("password")];

    /// <summary>The variables that git needs in its environment.</summary>
    public IEnumerable<KeyValuePair<string, string>> Environment
    {
        get
        {
            // Git's question names the server exactly as the URL does, with the same capitals and port.
            var start = _cloneUrl.IndexOf("://", StringComparison.Ordinal);
            var end = _cloneUrl.IndexOf('/', start + 3);
            yield return new("GIT_ASKPASS", _script);
            yield return new("BERTH_ASKPASS_SCHEME", _cloneUrl[..start]);
            yield return new("BERTH_ASKPASS_HOST", end < 0 ? _cloneUrl[(start + 3)..] : _cloneUrl[(start + 3)..end]);
        }
    }

    public void Dispose()
    {
        foreach (var pipe in _pipes)
        {
            pipe.Dispose();
        }

        Remove();
    }

    private const UnixFileMode ReadAndExecute =
        UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead
            | UnixFileMode.OtherExecute;

    private string Pipe(string name) => $"{_script}.{name}";

    private void Offer(string name, string answer, int user)
    {
        var path = Pipe(name);
        if (MakePipe(path, 0x180 /* 0600 */) != 0)
        {
            throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }

        // Open for reading and writing, so that it does not wait for another process (fifo(7)). The kernel keeps the answers until they are
        // read, and drops them when the last process closes the pipe.
        var pipe = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _pipes.Add(pipe);
        Ownership.GiveOne(path, user);
        pipe.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(answer + "\n", Copies))));
    }

    private void Remove()
    {
        foreach (var path in Paths)
        {
            File.Delete(path);
        }
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
