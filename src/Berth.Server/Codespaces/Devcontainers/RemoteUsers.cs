using System.Text.Json;
using Berth.Server.Codespaces.Engine;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>Who works in the container: configuration, then the image's metadata label, then the image's user.</summary>
internal static class RemoteUsers
{
    public static string Of(DevcontainerConfiguration configuration, EngineImage image) =>
        configuration.RemoteUser ?? FromMetadata(image, "remoteUser") ?? configuration.ContainerUser ?? FromMetadata(image, "containerUser") ?? image.User ?? "root";

    /// <summary>Who runs the container's own process.</summary>
    public static string ContainerUserOf(DevcontainerConfiguration configuration, EngineImage image) =>
        configuration.ContainerUser ?? FromMetadata(image, "containerUser") ?? image.User ?? "root";

    /// <summary>For chown. Images of dev containers give their user 1000; which number another name has is known only inside the container.</summary>
    public static string OwnerOf(string user)
    {
        var name = user.Split(':')[0];
        return name is "root" or "0" ? "0:0" : name.All(char.IsAsciiDigit) && name.Length is > 0 and <= 9 ? $"{name}:{name}" : "1000:1000";
    }

    private static string? FromMetadata(EngineImage image, string property)
    {
        if (!image.Labels.TryGetValue("devcontainer.metadata", out var text))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text, new() { MaxDepth = 32 });
            var entries = document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray()] : new[] { document.RootElement };
            return entries.Reverse()
                .Select(entry => entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String
                    ? value.GetString() : null)
                .FirstOrDefault(value => !string.IsNullOrEmpty(value));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
