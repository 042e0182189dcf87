using Berth.Server.Codespaces.Devcontainers;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Gives the checkout to the remote user: git refuses to work in a folder that belongs to somebody else, and a remote user who is not root could not write.
/// </summary>
internal sealed class GiveWorkspace(CodespaceTools tools, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <exception cref="CodespaceFaultException">The server may not.</exception>
    public async Task<StartContext> RunAsync(StartContext context, CancellationToken cancellationToken)
    {
        var user = context.Prepared.RemoteUser;
        var result = await ToolProcess.RunAsync(
            tools.Chown(), ["-R", "-h", RemoteUsers.OwnerOf(user), context.Workspace], new Dictionary<string, string>(), "/",
            line => context.Log.Write("workspace", line), Timeout, time, cancellationToken);
        return result.ExitCode == 0
            ? context
            : throw new CodespaceFaultException($"the workspace cannot be given to {user}: the server must run as root for codespaces");
    }
}
