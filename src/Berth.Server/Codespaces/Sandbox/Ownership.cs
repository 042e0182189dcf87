using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>Changes the owner of files. For a link it changes the link itself, never the file that it points at.</summary>
internal static partial class Ownership
{
    /// <summary>
    /// Changes <paramref name="path"/> and everything below it. No process may work in the folder meanwhile. Does nothing if the server is
    /// not root, since sandboxes then run as the server's user.
    /// </summary>
    public static void Give(string path, int user)
    {
        if (!System.Environment.IsPrivilegedProcess)
        {
            return;
        }

        GiveOne(path, user);
        if (File.GetAttributes(path) is var attributes
            && attributes.HasFlag(FileAttributes.Directory)
            && !attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(path))
            {
                Give(entry, user);
            }
        }
    }

    public static void GiveOne(string path, int user)
    {
        if (System.Environment.IsPrivilegedProcess && ChangeOwner(path, (uint)user, (uint)user) != 0)
        {
            throw new IOException($"{path} cannot be given to user {user}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    /// <summary>The server's own.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint OwnUser();

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
