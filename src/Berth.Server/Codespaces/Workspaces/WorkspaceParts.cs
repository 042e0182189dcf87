using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Faults;
using Microsoft.Win32.SafeHandles;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Mounts files and folders of a checkout at places of the codespace's disk that no container sees, for the engine to mount from there. By
/// its path in the checkout a container could exchange it for a link to anywhere of the host, between the look at it and the engine's
/// mount. What was opened here is what is mounted, whatever its path leads to by then.
/// </summary>
internal static class WorkspaceParts
{
    /// <summary>For a new container, which has these and no others.</summary>
    /// <param name="paths">Within the checkout.</param>
    /// <param name="log">Told of what is a link or lies behind one: it is an empty folder, so that nobody is locked out by it.</param>
    /// <exception cref="FaultException">This host mounts nothing.</exception>
    public static void Mount(CodespaceFolders folders, string workspace, IReadOnlyCollection<string> paths, Action<string> log)
    {
        UnmountAll(folders);
        File.WriteAllBytes(folders.PartsList, JsonSerializer.SerializeToUtf8Bytes(paths));
        foreach (var path in paths)
        {
            MountOne(folders, workspace, path, log);
        }
    }

    /// <summary>For a container of an earlier start. What somebody has removed since is an empty folder.</summary>
    /// <inheritdoc cref="Mount"/>
    public static void MountAgain(CodespaceFolders folders, string workspace, Action<string> log)
    {
        if (File.Exists(folders.PartsList))
        {
            Mount(folders, workspace, JsonSerializer.Deserialize<List<string>>(File.ReadAllBytes(folders.PartsList)) ?? [], log);
        }
    }

    /// <summary>The disk below them is free to go then. Nothing mounted is fine.</summary>
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

    /// <summary>Of a place on the disk: two texts have two.</summary>
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
                // Never with what is in it: a mount that was left would lead into the checkout.
                Directory.Delete(place);
            }

            File.Create(place).Dispose();
        }
    }
}
