using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>
/// What a process in the sandbox is and sees, beside the read-only system (programs, libraries, certificates, name resolution), a
/// <c>/tmp</c> and a <c>/proc</c> of its own. Every path is the same inside and outside.
/// </summary>
/// <param name="User">The numeric user and group it runs as; nobody else's.</param>
/// <param name="Files">A folder of the server's own where files that only sandboxes of this user see (its passwd) are kept.</param>
internal sealed record SandboxView(int User, string Files)
{
    /// <summary>The name that <see cref="User"/> has inside.</summary>
    public const string UserName = "codespace";

    /// <summary>
    /// systemd's list of ranges (uids-gids.md) has nobody between 1879048192 and 2147483647, so no account and no remapped container lives
    /// there.
    /// </summary>
    public const int FirstUser = 1_879_048_192;

    /// <summary>
    /// Every server on this machine has a part of the range to itself, so that the firewall of one is not that of another.
    /// </summary>
    private const int UsersOfServer = 4096;

    /// <summary>
    /// HOME: given to the user and writable. Nothing that an earlier process could have prepared may be written there by the server
    /// afterwards.
    /// </summary>
    public string? Home { get; init; }

    public IReadOnlyList<string> ReadOnly { get; init; } = [];

    public IReadOnlyList<string> Writable { get; init; } = [];

    /// <summary>The machine's own network instead of none: only for what fetches.</summary>
    public bool Network { get; init; }

    /// <summary>Each codespace has a user of its own: its processes share no limit and no file with those of another.</summary>
    public static SandboxView Of(CodespaceFolders folders, Codespace codespace) => Of(folders, codespace.Host, codespace.Id);

    public static SandboxView Of(CodespaceFolders folders, string host, long id) =>
        new(UsersOf(host).First + (int)(id % UsersOfServer), folders.Root);

    /// <summary>For a firewall: first and last of the users that this server's sandboxes run as.</summary>
    public static (int First, int Last) UsersOf(string host)
    {
        var part = BinaryPrimitives.ReadUInt16BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(host)));
        return (FirstUser + (part * UsersOfServer), FirstUser + (part * UsersOfServer) + UsersOfServer - 1);
    }
}
