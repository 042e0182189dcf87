using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>
/// The user of a process in the sandbox, and the files that it sees. It also sees the read-only system (programs, libraries, certificates,
/// name resolution) and its own <c>/tmp</c> and <c>/proc</c>. Every path is the same inside and outside.
/// </summary>
/// <param name="User">The numeric user and group it runs as. Nobody else has it.</param>
/// <param name="Files">A folder of the server's for files that only sandboxes of this user see, such as its passwd.</param>
internal sealed record SandboxView(int User, string Files)
{
    /// <summary>The name that <see cref="User"/> has inside.</summary>
    public const string UserName = "codespace";

    /// <summary>
    /// The first user of sandboxes. systemd's list of ranges (uids-gids.md) assigns nothing between 1879048192 and 2147483647, so no
    /// account and no remapped container has such a number.
    /// </summary>
    public const int FirstUser = 1_879_048_192;

    /// <summary>
    /// Every server on this machine has its own part of the range, so that the firewall rules of one do not apply to another's sandboxes.
    /// </summary>
    private const int UsersOfServer = 4096;

    /// <summary>
    /// HOME, which belongs to the user and is writable. The server must not write there after a process has run, since that process could
    /// have prepared anything.
    /// </summary>
    public string? Home { get; init; }

    public IReadOnlyList<string> ReadOnly { get; init; } = [];

    public IReadOnlyList<string> Writable { get; init; } = [];

    /// <summary>Use the machine's own network instead of none. Only for programs that fetch.</summary>
    public bool Network { get; init; }

    /// <summary>The view for a codespace. Each has a user of its own, so it shares no limit and no file with another codespace.</summary>
    public static SandboxView Of(CodespaceFolders folders, Codespace codespace) => Of(folders, codespace.Host, codespace.Id);

    public static SandboxView Of(CodespaceFolders folders, string host, long id) =>
        new(UsersOf(host).First + (int)(id % UsersOfServer), folders.Root);

    /// <summary>The first and last user of this server's sandboxes, for a firewall.</summary>
    public static (int First, int Last) UsersOf(string host)
    {
        var part = BinaryPrimitives.ReadUInt16BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(host)));
        return (FirstUser + (part * UsersOfServer), FirstUser + (part * UsersOfServer) + UsersOfServer - 1);
    }
}
