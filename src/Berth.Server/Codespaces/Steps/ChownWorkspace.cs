using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Gives the checkout to the remote user: git refuses to work in a folder that belongs to somebody else, and a remote user who is not root
/// could not write.
/// </summary>
internal sealed class ChownWorkspace(CodespaceTools tools, IContainerEngine engine, ImageUsers users, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <exception cref="FaultException">The server may not, or the image has no such user.</exception>
    public async Task RunAsync(BuiltStart start, CancellationToken cancellationToken) => await GiveAsync(
        start, start.Place.RemoteUser,
        await users.NumbersAsync(start.Codespace, start.Image.Image, start.Place.RemoteUser, cancellationToken), cancellationToken);

    /// <summary>To whom it was before a rebuild, whose image may be gone: then it stays.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task BackAsync(CreatedStart created, CancellationToken cancellationToken)
    {
        var (start, user) = (created.Start, created.Place.RemoteUser);
        var numbers = RemoteUsers.NumbersOf(user)
            ?? (await engine.ImageAsync(created.Place.Image, cancellationToken) is { } image
                ? await users.NumbersAsync(start.Codespace, image, user, cancellationToken)
                : null);
        if (numbers is not null)
        {
            await GiveAsync(start, user, numbers, cancellationToken);
        }
    }

    private async Task GiveAsync(AdmittedStart start, string user, string numbers, CancellationToken cancellationToken)
    {
        var owner = Outside(numbers, start.Engine.FirstUser);
        var result = await ToolProcess.RunAsync(
            tools.Chown(), ["-R", "-h", owner, start.Workspace], new Dictionary<string, string>(), "/",
            line => start.Log.Write("workspace", line), Timeout, time, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new FaultException(
                FaultKind.Host, $"the workspace cannot be given to {user}: the server must run as root for codespaces");
        }
    }

    /// <summary>Where the engine remaps users, a container's user N is another one on the host.</summary>
    private static string Outside(string owner, int first) =>
        string.Join(':', owner.Split(':').Select(number => long.Parse(number) + first));
}
