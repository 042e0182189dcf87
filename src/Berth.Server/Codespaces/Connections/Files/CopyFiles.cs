using System.Formats.Tar;
using System.Globalization;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Connections.Files;

/// <summary>
/// Copies files out of a codespace and into it. A process inside does so as the codespace's user. What that user may not read or write is
/// not copied, and what comes in belongs to that user.
/// </summary>
internal sealed class CopyFiles(IContainerEngine engine, CodespaceConnections connections, TimeProvider time)
{
    /// <summary>Sends the archive of a file or folder.</summary>
    /// <param name="begins">Called before the first byte. Until then the caller can still give another answer.</param>
    /// <exception cref="NothingThereException">There is nothing at the path.</exception>
    /// <exception cref="ArchiveRefusedException">The file or folder cannot be copied.</exception>
    /// <exception cref="CutShortException">The copy broke off, so what was sent is not complete.</exception>
    public async Task ReadAsync(
        RunningCodespace running, ContainerPath path, Stream target, Action begins, CancellationToken cancellationToken)
    {
        await using var process = await StartAsync(running, CopyScripts.Read, [path.Folder, path.Name], cancellationToken);
        process.CloseInput();
        var head = await process.FirstLineAsync(cancellationToken);
        await using var output = process.Output.AsStream(leaveOpen: true);
        switch (head?.Split(' '))
        {
            case [CopyScripts.Archive]:
                var buffer = new byte[64 * 1024];
                var read = await output.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    throw await FaultAsync(process, path, cancellationToken);
                }

                begins();
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await output.CopyToAsync(target, cancellationToken);
                break;
            case [CopyScripts.File, var mode, var size]
                when long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length):
                begins();
                await WriteFileAsync(path.Name, mode, output, length, target, cancellationToken);
                break;
            default:
                throw await FaultAsync(process, path, cancellationToken);
        }

        if (await process.EndAsync(cancellationToken) != 0)
        {
            throw new CutShortException(process.Complaint);
        }
    }

    /// <summary>
    /// Unpacks an archive with one file or folder. If the path is a folder, the copy goes into it. Otherwise it becomes the path.
    /// </summary>
    /// <returns>The path of the copy.</returns>
    /// <exception cref="ArchiveRefusedException">The archive cannot be copied. A part of it may already be there.</exception>
    public async Task<ContainerPath> WriteAsync(
        RunningCodespace running, ContainerPath path, string name, Stream source, CancellationToken cancellationToken)
    {
        await using var archive = await RewrittenArchive.OpenAsync(source, cancellationToken);
        var kind = archive.Kind switch
        {
            TarEntryType.Directory => "folder",
            TarEntryType.SymbolicLink => "link",
            _ => "file",
        };
        await using var process = await StartAsync(
            running, CopyScripts.Write, [path.Text, name, kind, Convert.ToString((int)archive.Mode, 8)], cancellationToken);
        if ((await process.FirstLineAsync(cancellationToken))?.Split(' ') is not [var form, var how])
        {
            throw await FaultAsync(process, path, cancellationToken);
        }

        var target = how == CopyScripts.Into ? path.Below(name) : path;
        try
        {
            await (form == CopyScripts.Archive
                ? archive.WriteAsync(process.Input, target.Name, cancellationToken)
                : archive.WriteFileAsync(process.Input, cancellationToken));
            process.CloseInput();
        }
        catch (CopyProcess.EndedException)
        {
            // The exit code says whether the process has read enough.
        }

        return await process.EndAsync(cancellationToken) == 0 ? target : throw await FaultAsync(process, path, cancellationToken);
    }

    private Task<CopyProcess> StartAsync(
        RunningCodespace running, string script, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        CopyProcess.StartAsync(
            engine, running, script, arguments, cancel => connections.TouchAsync(running.Codespace.Id, cancel), time, cancellationToken);

    private static async Task WriteFileAsync(
        string name, string mode, Stream data, long length, Stream target, CancellationToken cancellationToken)
    {
        var content = new SizedStream(data, length);
        await using var writer = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        await writer.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.RegularFile, name)
            {
                DataStream = content,
                Mode = mode == "755" ? (UnixFileMode)0b111_101_101 : (UnixFileMode)0b110_100_100,
            },
            cancellationToken);
        if (content.Position != length)
        {
            throw new CutShortException($"{name} has become shorter while it was read");
        }
    }

    private static async Task<Exception> FaultAsync(CopyProcess process, ContainerPath path, CancellationToken cancellationToken) =>
        await process.EndAsync(cancellationToken) switch
        {
            CopyScripts.NotThere => new NothingThereException(),
            CopyScripts.NoFolder => new ArchiveRefusedException($"there is no folder {path.Folder} in the codespace"),
            CopyScripts.WouldReplaceFile => new ArchiveRefusedException($"{path}: a folder cannot replace what is no folder"),
            CopyScripts.WouldReplaceFolder => new ArchiveRefusedException($"{path}: only a folder can be copied over a folder"),
            _ when process.Complaint is { Length: > 0 } complaint => new ArchiveRefusedException(complaint),
            var code => new ArchiveRefusedException($"the process that copies ended with the exit code {code}"),
        };
}

/// <summary>The codespace has nothing at that path.</summary>
internal sealed class NothingThereException : Exception;

/// <summary>A copy that had begun broke off.</summary>
internal sealed class CutShortException(string reason) : Exception(reason);
