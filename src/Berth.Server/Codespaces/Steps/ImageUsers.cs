using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Database;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// Finds the numbers of an image's users. Only a container shows the image's list of users, so one is made that never runs. The result is
/// remembered, since an image never changes.
/// </summary>
internal sealed class ImageUsers(IContainerEngine engine, CodespaceContainers containers)
{
    private const int MaxUsersBytes = 256 * 1024;
    private readonly SizedCache<(string Image, string User), string> _known = new(mostBytes: 1 << 20, largest: 1024);

    /// <summary>User and group as numbers, for chown.</summary>
    /// <exception cref="FaultException">The image has no such user.</exception>
    public async Task<string> NumbersAsync(Codespace codespace, EngineImage image, string user, CancellationToken cancellationToken)
    {
        if (RemoteUsers.NumbersOf(user) is { } plain)
        {
            return plain;
        }

        if (_known.TryGet((image.Id, user), out var known))
        {
            return known;
        }

        var numbers = RemoteUsers.NumbersOf(user, await UsersAsync(codespace, image.Id, cancellationToken))
            ?? throw new FaultException(
                FaultKind.Configuration, $"the image has no user {user}, as whom the codespace would be worked in (remoteUser)",
                "name a user of the image, or leave remoteUser out");
        _known.Add((image.Id, user), numbers, image.Id.Length + user.Length + numbers.Length);
        return numbers;
    }

    /// <returns>Null when the image has no such list.</returns>
    private async Task<string?> UsersAsync(Codespace codespace, string image, CancellationToken cancellationToken) =>
        await engine.ReadFileAsync(
            image, "/etc/passwd", MaxUsersBytes, EngineNames.UsersOf(codespace.Name),
            await containers.LabelsAsync(codespace, ContainerRole.Users, cancellationToken), cancellationToken);
}
