using System.Security.Cryptography;
using System.Text;
using Berth.Server.Faults;
using Berth.Server.Settings;

namespace Berth.Server.Codespaces.Connections.Ssh;

/// <summary>
/// Gathers OpenSSH's server of this machine for codespaces, once. It copies the programs, the loader and all libraries that they need, so
/// that they run in images with another C library or none. The copy's folder is named by a hash of its content.
/// </summary>
internal sealed class SshServerFiles(DataOptions data, CodespaceOptions options, CodespaceTools tools, TimeProvider time)
    : IDisposable
{
    private const string Remedy = "install the packages openssh-server and libnss-wrapper on the server; codespaces need nothing";
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Runnable =
        Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _one = new(1);
    private string? _version;

    /// <returns>The name of the folder in the one that codespaces see.</returns>
    /// <exception cref="FaultException">This machine has no SSH server that can be gathered; says what is missing.</exception>
    public async Task<string> GatherAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return _version ??= await LayOutAsync(await FindAsync(cancellationToken), cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>Finds the files. Returns the name of each in the folder, and its path on this machine.</summary>
    private async Task<SortedDictionary<string, string>> FindAsync(CancellationToken cancellationToken)
    {
        var (server, files) = (Find("usr/sbin/sshd"), Find("usr/lib/openssh/sftp-server", "usr/libexec/openssh/sftp-server"));
        string[] folders = [.. Directory.Exists(Below("usr/lib")) ? Directory.GetDirectories(Below("usr/lib"), "*-linux-gnu") : []];
        var names = Find([.. folders.Append(Below("usr/lib64")).Select(folder => Path.Combine(folder, "libnss_wrapper.so"))]);
        if (File.Exists(Below("usr/lib/openssh/sshd-session")))
        {
            throw new FaultException(
                FaultKind.Host, "SSH into codespaces needs OpenSSH before 9.8: later ones start parts of themselves by fixed paths",
                "let BERTH_SSH_SERVER name a folder with the unpacked packages openssh-server and openssh-sftp-server of Debian 12");
        }

        SortedDictionary<string, string> found = new(StringComparer.Ordinal)
        {
            ["sshd"] = server,
            ["sftp-server"] = files,
            ["lib/libnss_wrapper.so"] = names,
        };
        foreach (var program in found.Values.ToList())
        {
            await AddLibrariesAsync(program, folders, found, cancellationToken);
        }

        return found;
    }

    /// <summary>Adds the libraries that ldd(1) lists: <c>NAME =&gt; PATH (ADDRESS)</c>, and the loader as <c>PATH (ADDRESS)</c>.</summary>
    private async Task AddLibrariesAsync(
        string program, string[] folders, SortedDictionary<string, string> found, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = tools.SearchPath,
            ["LC_ALL"] = "C",
            ["LD_LIBRARY_PATH"] = string.Join(':', folders),
        };
        var listed = await ToolProcess.RunAsync(
            tools.SystemTool("ldd"), [program], environment, "/", _ => { }, Limit, time, cancellationToken);
        foreach (var line in listed.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            switch (line.Split(' '))
            {
                case [var name, "=>", ['/', ..] path, ..]:
                    found["lib/" + Path.GetFileName(name)] = path;
                    break;
                case [['/', ..] loader, ['(', ..]]:
                    found["lib/loader"] = loader;
                    break;
                case [var name, "=>", "not", ..]:
                    throw new FaultException(FaultKind.Host, $"SSH into codespaces needs {name}, which {program} is linked with", Remedy);
            }
        }

        if (!found.ContainsKey("lib/loader"))
        {
            throw new FaultException(FaultKind.Host, $"the libraries of {program} cannot be listed: {listed.Output}");
        }
    }

    private async Task<string> LayOutAsync(SortedDictionary<string, string> found, CancellationToken cancellationToken)
    {
        var root = CodespaceFolders.SshServerOf(data.DataPath);
        var fresh = Path.Combine(root, "~new");
        CodespaceFolders.Delete(fresh);
        MakeFolder(root);
        MakeFolder(fresh);
        MakeFolder(Path.Combine(fresh, "lib"));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, path) in found)
        {
            await WriteAsync(name, await File.ReadAllBytesAsync(path, cancellationToken), Runnable);
        }

        await WriteAsync("session", Encoding.UTF8.GetBytes(SshScripts.Session), Readable);
        await WriteAsync("sshd_config", Encoding.UTF8.GetBytes(SshScripts.Configuration), Readable);
        var version = Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
        if (!Directory.Exists(Path.Combine(root, version)))
        {
            Directory.Move(fresh, Path.Combine(root, version));
        }

        // Connections end with the server. So only sessions of an older version may still run, and they have read their script already.
        foreach (var other in Directory.GetDirectories(root).Where(folder => Path.GetFileName(folder) != version))
        {
            CodespaceFolders.Delete(other);
        }

        return version;

        async Task WriteAsync(string name, byte[] content, UnixFileMode mode)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {content.Length}\n"));
            hash.AppendData(content);
            var file = Path.Combine(fresh, name);
            await File.WriteAllBytesAsync(file, content, cancellationToken);
            File.SetUnixFileMode(file, mode);
        }
    }

    /// <summary>Makes a folder that users of codespaces can read, whatever umask the server runs with.</summary>
    private static void MakeFolder(string path)
    {
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, Runnable);
    }

    private string Find(params string[] paths) =>
        paths.Select(Below).FirstOrDefault(File.Exists)
            ?? throw new FaultException(
                FaultKind.Host, $"SSH into codespaces needs {Path.GetFileName(paths[0])}, which is not installed on this server", Remedy);

    private string Below(string path) => Path.Combine(options.SshServer, path);
}
