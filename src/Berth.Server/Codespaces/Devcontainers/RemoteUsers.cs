using System.Text.Json;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Json;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>Who works in the container: configuration, then the image's metadata label, then the image's user.</summary>
internal static class RemoteUsers
{
    public static string Of(DevcontainerConfiguration configuration, EngineImage image) =>
        configuration.RemoteUser
            ?? FromMetadata(image, "remoteUser")
            ?? configuration.ContainerUser
            ?? FromMetadata(image, "containerUser")
            ?? image.User
            ?? "root";

    /// <summary>Who runs the container's own process.</summary>
    public static string ContainerUserOf(DevcontainerConfiguration configuration, EngineImage image) =>
        configuration.ContainerUser ?? FromMetadata(image, "containerUser") ?? image.User ?? "root";

    /// <summary>What images of dev containers give their user, for one whose number cannot be found.</summary>
    public const string Usual = "1000:1000";

    /// <summary>User and group for chown, where the name says them.</summary>
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

    /// <summary>The last text that the image's metadata label has for a property: its last entry wins.</summary>
    public static string? FromMetadata(EngineImage image, string property)
    {
        if (!image.Labels.TryGetValue("devcontainer.metadata", out var text))
        {
            return null;
        }

        try
        {
            using var document = OutsideJson.Parse(text, new JsonDocumentOptions { MaxDepth = 32 });
            var entries = document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.EnumerateArray()]
                : new[] { document.RootElement };
            return entries.Reverse()
                .Select(entry => entry.TextOf(property))
                .FirstOrDefault(value => !string.IsNullOrEmpty(value));
        }
        catch (OutsideJsonException)
        {
            return null;
        }
    }
}
