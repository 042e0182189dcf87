using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Copies the workspace of one codespace for another, while neither is in use. The image is copied block by block, and holes stay holes. If
/// the host's filesystem can share blocks, none is really copied.
/// </summary>
internal sealed class CopyWorkspace(CopyTree copy, CodespaceOptions options)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <summary>Copies to another name first, so that a workspace that exists is complete.</summary>
    /// <exception cref="FaultException">The workspace cannot be copied.</exception>
    public async Task RunAsync(CodespaceFolders from, CodespaceFolders to, CancellationToken cancellationToken)
    {
        var (source, target) = options.Workspaces == CodespaceOptions.WorkspaceFolder
            ? (from.Workspaces, to.Workspaces)
            : (from.WorkspaceImage, to.WorkspaceImage);
        var unfinished = target + ".copy";
        CodespaceFolders.Delete(unfinished);
        File.Delete(unfinished);
        if (await copy.RunAsync(source, unfinished, Timeout, cancellationToken) is { } said)
        {
            throw new FaultException(FaultKind.Host, $"the workspace cannot be copied: {said}");
        }

        if (Directory.Exists(unfinished))
        {
            CodespaceFolders.Delete(target);
            Directory.Move(unfinished, target);
        }
        else
        {
            File.Move(unfinished, target, overwrite: true);
        }
    }

    /// <summary>How much of the disk a workspace takes.</summary>
    public static long BytesOf(CodespaceFolders folders) =>
        File.Exists(folders.WorkspaceImage)
            ? WrittenFiles.Allocated(folders.WorkspaceImage)
            : Directory.Exists(folders.Workspaces)
                ? Directory.EnumerateFiles(folders.Workspaces, "*", Everything).Sum(WrittenFiles.Allocated)
                : 0;

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = true,
    };
}
