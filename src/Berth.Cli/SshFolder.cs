using Berth.Client.Crypto;
using Berth.Client.Wire;

namespace Berth.Cli;

/// <summary>
/// The files that <c>ssh</c> needs on this machine, in <c>ssh/</c> of Berth's own folder: a key pair, the host key of each codespace, and
/// entries for <c>~/.ssh/config</c>.
/// <code>
/// id_ed25519          the key pair, made anew every month
/// id_ed25519.before   the previous public key, since a running ssh may have read its private key
/// known_hosts/NAME    the host key of one codespace
/// config              entries for ~/.ssh/config to include
/// </code>
/// </summary>
internal sealed class SshFolder(BerthFolder folder, IReadOnlyList<string> program)
{
    private const string Key = "ssh/id_ed25519";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <param name="program">The command that starts this program again.</param>
    public static SshFolder Of(Terminal terminal, IReadOnlyList<string> program) => new(BerthFolder.Of(terminal), program);

    /// <summary>The command of the running process: the program itself, or <c>dotnet</c> with it.</summary>
    public static IReadOnlyList<string> OwnProgram() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) != "dotnet"
            ? [path]
            : [Environment.ProcessPath ?? "dotnet", Path.Combine(AppContext.BaseDirectory, "berth.dll")];

    public string ConfigFile => folder["ssh/config"];

    /// <summary>Makes a key pair if there is none, or if it is too old.</summary>
    public void Renew(DateTimeOffset now)
    {
        var secret = folder[Key];
        if (File.Exists(secret))
        {
            if (now - new DateTimeOffset(File.GetLastWriteTimeUtc(secret), TimeSpan.Zero) < Lifetime)
            {
                return;
            }

            folder.Write(Key + ".before", Own(secret) ?? "");
        }

        // One file contains both keys. With two files, several runs at once could leave halves of different pairs.
        folder.Write(Key, OpenSshKey.Create().PrivateKey);
    }

    /// <summary>The client signs in with one of these.</summary>
    public IReadOnlyList<string> PublicKeys()
    {
        var before = folder[Key + ".before"];
        return
        [
            .. new[] { Own(folder[Key]), File.Exists(before) ? OpenSshKey.ReadPublic(File.ReadAllText(before)) : null }.OfType<string>(),
        ];
    }

    private static string? Own(string secret) => File.Exists(secret) ? OpenSshKey.PublicOf(File.ReadAllText(secret)) : null;

    /// <summary>Stores the key of a codespace, so that ssh does not ask the person about it.</summary>
    public void Know(string name, CodespaceSsh codespace)
    {
        if (!name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
            || OpenSshKey.ReadPublic(codespace.HostKey) is not { } key)
        {
            throw new CommandException(ExitCodes.Failed, $"the server says nothing of {name} that ssh could use");
        }

        folder.Write("ssh/known_hosts/" + name, $"{name} {key}\n");
    }

    /// <summary>The options of ssh_config(5) for a codespace.</summary>
    public IEnumerable<(string Name, string Value)> Options(string name, CodespaceSsh codespace) =>
    [
        ("User", codespace.User),
        ("ProxyCommand", string.Join(' ', program.Select(Quoted)) + $" codespace ssh --stdio {name}"),
        ("IdentityFile", Spaced(folder[Key])),
        ("IdentitiesOnly", "yes"),
        ("HostKeyAlias", name),
        ("UserKnownHostsFile", Spaced(folder["ssh/known_hosts/" + name])),
        ("StrictHostKeyChecking", "yes"),
    ];

    public string Entry(string name, CodespaceSsh codespace) =>
        $"Host {name}\n" + string.Concat(Options(name, codespace).Select(option => $"  {option.Name} {option.Value}\n"));

    /// <summary>Writes the entries to a file that <c>~/.ssh/config</c> may include.</summary>
    public void WriteConfig(string entries) => folder.Write("ssh/config", entries);

    /// <summary>Quotes a word for the shell that runs ssh's command, in which ssh itself interprets percent signs.</summary>
    private static string Quoted(string word) =>
        (word.All(letter => char.IsAsciiLetterOrDigit(letter) || "/._-".Contains(letter, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'").Replace("%", "%%", StringComparison.Ordinal);

    private static string Spaced(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
