using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Makes the remote user the owner of the checkout. Git refuses to work in a folder of another owner, and a remote user who is not root
/// could not write there.
/// </summary>
internal sealed class ChownWorkspace(CodespaceTools tools, IContainerEngine engine, ImageUsers users, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <exception cref="FaultException">The server may not do so, or the image has no such user.</exception>
    public async Task RunAsync(BuiltStart start, CancellationToken cancellationToken) => await GiveAsync(
        start, start.Place.RemoteUser,
        await users.NumbersAsync(start.Codespace, start.Image.Image, start.Place.RemoteUser, cancellationToken), cancellationToken);

    /// <summary>Gives the checkout to root in containers.</summary>
    /// <exception cref="FaultException">The server may not do so.</exception>
    public Task ToRootAsync(AdmittedStart start, CancellationToken cancellationToken) => GiveAsync(start, "root", "0:0", cancellationToken);

    /// <summary>Gives the checkout to the user as whom git reads it, before there is a remote user.</summary>
    /// <inheritdoc cref="ToRootAsync"/>
    public Task ToGitAsync(AdmittedStart start, CancellationToken cancellationToken) =>
        OwnAsync(start, "git", $"{start.GitView.User}:{start.GitView.User}", cancellationToken);

    /// <summary>Gives the checkout back to its owner before a rebuild. If that owner's image is gone, nothing changes.</summary>
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

    private Task GiveAsync(AdmittedStart start, string user, string numbers, CancellationToken cancellationToken) =>
        OwnAsync(start, user, Outside(numbers, start.Engine.FirstUser), cancellationToken);

    /// <param name="owner">User and group as the host numbers them.</param>
    private async Task OwnAsync(AdmittedStart start, string user, string owner, CancellationToken cancellationToken)
    {
        var result = await ToolProcess.RunAsync(
            tools.Chown(), ["-R", "-h", owner, start.Workspace], new Dictionary<string, string>(), "/",
            line => start.Log.Write("workspace", line), Timeout, time, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new FaultException(
                FaultKind.Host, $"the workspace cannot be given to {user}: the server must run as root for codespaces");
        }
    }

    /// <summary>Converts numbers to the host's, since an engine that remaps users runs a container's user N as another one.</summary>
    private static string Outside(string owner, int first) =>
        string.Join(':', owner.Split(':').Select(number => long.Parse(number) + first));
}
