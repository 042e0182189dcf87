namespace Berth.Server.Codespaces.Workspaces;

/// <summary>
/// Copies a file or a folder with owners, modes and attributes. Blocks are shared where the filesystem can, and holes stay holes.
/// </summary>
internal sealed class CopyTree(CodespaceTools tools, TimeProvider time)
{
    /// <param name="to">A path that does not exist yet.</param>
    /// <returns>Null when it worked, otherwise what the program printed.</returns>
    public async Task<string?> RunAsync(string from, string to, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Queue<string> said = new();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = tools.SearchPath, ["LC_ALL"] = "C.UTF-8" };
        var result = await ToolProcess.RunAsync(
            tools.SystemTool("cp"), ["-a", "--reflink=auto", "-T", "--", from, to], environment, "/", said.Enqueue, timeout, time,
            cancellationToken);
        return result.ExitCode == 0 ? null : said.LastOrDefault() ?? $"cp ended with {result.ExitCode}";
    }
}
