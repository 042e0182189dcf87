using System.Buffers.Binary;
using System.Text;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// The key with which git inside signs commits and tags: a secret that holds an SSH private key in OpenSSH's form (PROTOCOL.key of
/// OpenSSH).
/// </summary>
internal static class GitSigning
{
    public const string Secret = "GIT_SIGNING_KEY";
    public const string KeyFile = GitInside.Folder + "/signing-key";

    /// <summary>git 2.34 and later sign with SSH keys (git-config(1), <c>gpg.format</c>). An older one ends with an error.</summary>
    public const string Configuration =
        $"[user]\n\tsigningkey = {KeyFile}\n[gpg]\n\tformat = ssh\n[commit]\n\tgpgsign = true\n[tag]\n\tgpgsign = true\n";

    /// <summary>
    /// Takes the configuration away again where git cannot sign, since each commit would fail, and prints why. The line begins with
    /// <see cref="Note"/>.
    /// </summary>
    public const string Check = $$"""
        signing=
        IFS= read -r signing <{{GitInside.Folder}}/signing
        if [ -n "$signing" ]; then
          version=$(git --version 2>/dev/null) why=
          case ${version#git version } in
            '') why='the image has no git' ;;
            [01].* | 2.[0-9] | 2.[0-9].* | 2.[12][0-9] | 2.[12][0-9].* | 2.3[0-3] | 2.3[0-3].*) why="$version is older than 2.34" ;;
            *) command -v ssh-keygen >/dev/null 2>&1 || why='the image has no ssh-keygen (openssh-client)' ;;
          esac
          [ -z "$why" ] || { : >{{GitInside.Folder}}/signing; printf '\n{{Note}}git does not sign with {{Secret}}: %s\n' "$why"; }
        fi
        """;

    public const string Note = "berth: ";

    private const string Begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
    private const string End = "-----END OPENSSH PRIVATE KEY-----";
    private const int MostCharacters = 16 * 1024;

    /// <summary>The key's text. Null: there is no such secret, or git cannot sign with it.</summary>
    public static string? KeyOf(IReadOnlyDictionary<string, string> variables) =>
        variables.GetValueOrDefault(Secret) is { } text && Fault(text) is null ? Lines(text) : null;

    /// <summary>What the creation log says of the secret. Null: there is no such secret.</summary>
    public static string? Remark(IReadOnlyDictionary<string, string> variables) => variables.GetValueOrDefault(Secret) switch
    {
        null => null,
        var text when Fault(text) is { } fault => $"git does not sign with the secret {Secret}: {fault}",
        _ => $"git signs commits and tags with the key of the secret {Secret}",
    };

    private static string? Fault(string text)
    {
        var lines = Lines(text);
        if (text.Length > MostCharacters
            || !lines.StartsWith(Begin + "\n", StringComparison.Ordinal)
            || !lines.EndsWith("\n" + End, StringComparison.Ordinal)
            || CipherOf(lines[Begin.Length..^End.Length]) is not { } cipher)
        {
            return "it is no SSH private key in OpenSSH's form (ssh-keygen -t ed25519 makes one)";
        }

        return cipher == "none" ? null : "its key has a passphrase, and nobody is there to type it (ssh-keygen -p takes it off)";
    }

    private static string Lines(string text) => text.ReplaceLineEndings("\n").Trim();

    /// <summary>The name of the cipher, which is the first field behind the magic word. Null: this is no such key.</summary>
    private static string? CipherOf(string body)
    {
        var bytes = new byte[body.Length];
        ReadOnlySpan<byte> magic = "openssh-key-v1\0"u8;
        if (!Convert.TryFromBase64String(body, bytes, out var length) || !bytes.AsSpan(0, length).StartsWith(magic))
        {
            return null;
        }

        var rest = bytes.AsSpan(magic.Length, length - magic.Length);
        return rest.Length > 4 && BinaryPrimitives.ReadInt32BigEndian(rest) is > 0 and < 64 and var size && rest.Length >= 4 + size
            ? Encoding.ASCII.GetString(rest.Slice(4, size))
            : null;
    }
}
