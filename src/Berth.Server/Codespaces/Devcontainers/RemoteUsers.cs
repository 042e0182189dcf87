using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>The user that works in the container, and the user that runs it (containers.dev, "Users").</summary>
internal static class RemoteUsers
{
    /// <param name="ofService">The <c>user</c> of a compose file's service; null: none.</param>
    public static string Of(MergedConfiguration merged, string? ofService, EngineImage image) =>
        merged.RemoteUser ?? ContainerUserOf(merged, ofService, image);

    /// <summary>The user of the container's own process.</summary>
    public static string ContainerUserOf(MergedConfiguration merged, string? ofService, EngineImage image) =>
        merged.ContainerUser ?? ofService ?? image.User ?? "root";

    /// <summary>The user and group for chown, if the name itself is a number or root.</summary>
    public static string? NumbersOf(string user)
    {
        var name = user.Split(':')[0];
        return name is "root" or "0" ? "0:0" : IsNumber(name) ? $"{name}:{name}" : null;
    }

    /// <summary>User and group for chown, as the image's /etc/passwd has them.</summary>
    public static string? NumbersOf(string user, string? users) =>
        (users ?? "").Split('\n').Select(line => line.Split(':')).Where(
            fields => fields.Length >= 4 && fields[0] == user.Split(':')[0] && IsNumber(fields[2]) && IsNumber(fields[3]))
            .Select(fields => $"{fields[2]}:{fields[3]}").FirstOrDefault();

    private static bool IsNumber(string text) => text.Length is > 0 and <= 9 && text.All(char.IsAsciiDigit);
}
