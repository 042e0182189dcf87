using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Sandbox;

/// <summary>
/// The kernel's calls for mounts and namespaces: mount(2), umount2(2), mount_setattr(2), open_tree(2), move_mount(2), setns(2), unshare(2).
/// </summary>
internal static partial class KernelMounts
{
    private const int OpenTree = 428;
    private const int MoveMount = 429;
    private const int SetAttributes = 442;
    private const int WorkingFolder = -100;
    private const int EmptyPath = 0x1000;
    private const int OpenTreeClone = 1;
    private const int CloseOnExec = 0x80000;
    private const int MoveFromEmptyPath = 4;
    private const ulong BindOnly = 0x1000;
    private const ulong MapUsers = 0x100000;
    private const ulong PrivateAll = 0x4000 | 0x40000;
    private const int DetachNoFollow = 2 | 8;
    private const int NewMounts = 0x20000;
    private const int OwnFolders = 0x200;
    private const int PathOnly = 0x200000;

    // fcntl.h: another value on arm64.
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong Users;
    }

    /// <summary>
    /// Gives the calling thread a mount namespace of its own. Only it and its children see what they mount. The thread must end soon after.
    /// </summary>
    public static void Leave()
    {
        Check(Unshare(NewMounts | OwnFolders), "unshare");
        Check(Mount("none", "/", null, PrivateAll, 0), "mount");
    }

    /// <summary>Moves the calling thread to another mount namespace. The thread must end soon after.</summary>
    public static void Enter(SafeFileHandle mounts)
    {
        Check(Unshare(OwnFolders), "unshare");
        Check(SetNamespace(mounts, NewMounts), "setns");
    }

    public static void Enter(SafeFileHandle network, int kind) => Check(SetNamespace(network, kind), "setns");

    /// <summary>Makes a mount of a file or folder that is not attached anywhere yet.</summary>
    public static SafeFileHandle Copy(string path) =>
        new(Check(Call(OpenTree, WorkingFolder, path, OpenTreeClone | CloseOnExec), "open_tree"), ownsHandle: true);

    /// <summary>Maps the users of the mount's files as the user namespace says.</summary>
    /// <returns>False when the kernel or the file system cannot do so.</returns>
    public static unsafe bool MapUsersOf(SafeFileHandle mount, SafeFileHandle users)
    {
        var attributes = new Attributes { Set = MapUsers, Users = (ulong)users.DangerousGetHandle() };
        return Call(SetAttributes, mount, "", EmptyPath, (nint)(&attributes), sizeof(Attributes)) == 0;
    }

    public static void Place(SafeFileHandle mount, string path) =>
        Check(Call(MoveMount, mount, "", WorkingFolder, path, MoveFromEmptyPath), "move_mount");

    /// <summary>A file or folder at a second place as well.</summary>
    public static void Bind(string path, string place) => Check(Mount(path, place, null, BindOnly, 0), "mount");

    /// <summary>Mounts what was opened, wherever its path leads by now.</summary>
    public static void Bind(SafeFileHandle opened, string place) => Bind($"/proc/self/fd/{opened.DangerousGetHandle()}", place);

    /// <summary>Removes a mount, which disappears at once. No link is followed.</summary>
    /// <returns>False when there was none.</returns>
    public static bool Remove(string path) => Unmount(path, DetachNoFollow) == 0;

    /// <summary>Removes all mounts at one place. A process that was killed between two mounts may have left several.</summary>
    public static void RemoveAll(string path)
    {
        while (Remove(path))
        {
        }
    }

    /// <summary>Opens a file or folder only as a place: it is not read, and if it is a link, the link is not followed.</summary>
    public static SafeFileHandle Look(string path)
    {
        var handle = Open(path, PathOnly | NoFollow | CloseOnExec);
        return handle >= 0
            ? new SafeFileHandle(handle, ownsHandle: true)
            : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    private static nint Check(nint result, string what) => result >= 0
        ? result
        : throw new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int kinds);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle handle, int kind);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string? type, ulong flags, nint data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Call(nint number, nint folder, string path, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Call(nint number, SafeFileHandle mount, string path, nint flags, nint attributes, nint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Call(nint number, SafeFileHandle mount, string from, nint folder, string to, nint flags);
}
