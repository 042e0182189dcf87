using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Mounts files and folders of a checkout at places of the codespace's disk that no container sees. The engine mounts them from there. If
/// the engine used the path in the checkout, a container could replace it by a link to anywhere on the host between the check and the
/// engine's mount. Here the opened file itself is mounted, wherever its path leads by then.
/// </summary>
internal static class WorkspaceParts
{
    /// <summary>Mounts the parts for a new container, and unmounts all others.</summary>
    /// <param name="paths">Paths within the checkout.</param>
    /// <param name="log">Called for a path that is a link or lies behind one. It becomes an empty folder, so that the start does not
    /// fail.</param>
    /// <exception cref="FaultException">This host cannot mount anything.</exception>
    public static void Mount(CodespaceFolders folders, string workspace, IReadOnlyCollection<string> paths, Action<string> log)
    {
        UnmountAll(folders);
        File.WriteAllBytes(folders.PartsList, JsonSerializer.SerializeToUtf8Bytes(paths));
        foreach (var path in paths)
        {
            MountOne(folders, workspace, path, log);
        }
    }

    /// <summary>Mounts the parts for a container of an earlier start. A part that was removed since becomes an empty folder.</summary>
    /// <inheritdoc cref="Mount"/>
    public static void MountAgain(CodespaceFolders folders, string workspace, Action<string> log)
    {
        if (File.Exists(folders.PartsList))
        {
            Mount(folders, workspace, JsonSerializer.Deserialize<List<string>>(File.ReadAllBytes(folders.PartsList)) ?? [], log);
        }
    }

    /// <summary>Unmounts the parts, so that the disk below them can be unmounted. Does nothing when nothing is mounted.</summary>
    public static void UnmountAll(CodespaceFolders folders)
    {
        if (!Directory.Exists(folders.Parts))
        {
            return;
        }

        foreach (var place in Directory.EnumerateFileSystemEntries(folders.Parts))
        {
            KernelMounts.RemoveAll(place);
        }
    }

    /// <summary>The name of a place on the disk. Different texts get different names.</summary>
    public static string NameOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];

    private static void MountOne(CodespaceFolders folders, string workspace, string path, Action<string> log)
    {
        var place = folders.Part(path);
        using var found = Open(workspace, path, out var isFolder, log);
        MakePlace(place, isFolder || found is null);
        try
        {
            if (found is not null)
            {
                KernelMounts.Bind(found, place);
            }
        }
        catch (IOException exception)
        {
            throw new FaultException(
                FaultKind.Host,
                $"{path} of the repository cannot be mounted ({exception.Message})",
                "codespaces need CAP_SYS_ADMIN for mounts of a part of the repository; mount all of it, or copy the part in a lifecycle "
                    + "command");
        }
    }

    private static SafeFileHandle? Open(string workspace, string path, out bool isFolder, Action<string> log)
    {
        try
        {
            return ContainedFiles.OpenFileOrFolder(workspace, path, out isFolder);
        }
        catch (FaultException fault)
        {
            log($"{fault.Message}; an empty folder is mounted in its place");
            isFolder = true;
            return null;
        }
    }

    private static void MakePlace(string place, bool isFolder)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        if (isFolder)
        {
            if (File.Exists(place))
            {
                File.Delete(place);
            }

            Directory.CreateDirectory(place);
        }
        else
        {
            if (Directory.Exists(place))
            {
                // Delete only an empty folder: a mount that was left there would lead into the checkout.
                Directory.Delete(place);
            }

            File.Create(place).Dispose();
        }
    }
}
