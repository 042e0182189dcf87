using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// <c>initializeCommand</c>, which elsewhere runs on the machine that makes the dev container. Here it runs in a container of its own.
/// </summary>
internal static class InitializeCommand
{
    public const string Property = "initializeCommand";
    public const string NoImage = "the server has no default image (BERTH_DEFAULT_IMAGE)";

    /// <summary>The image of its container: the one that devcontainer.json names, else the server's default. Null: none.</summary>
    public static ImageReference? ImageOf(DevcontainerConfiguration configuration, ImageDefaults defaults) =>
        configuration.Image ?? defaults.Image;

    /// <summary>What a check says that does not run it. Null: there is no such command.</summary>
    public static string? Remark(DevcontainerConfiguration configuration, ImageDefaults defaults) => configuration.Initialize is null ? null
        : ImageOf(configuration, defaults) is { } image
            ? $"{Property} runs at the start, in a container of {image}; a file that only it makes is missing in this check"
            : $"{Property} is left out: {NoImage}";
}
