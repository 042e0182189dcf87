namespace Berth.Server.Codespaces.Images;

/// <summary>Names of images that codespaces build for themselves.</summary>
internal static class BuiltName
{
    /// <summary>The registry in these names. No registry has this name, so the engine cannot fetch such an image from anywhere.</summary>
    public const string Registry = "berth.invalid";

    public static bool Is(string image) => image.StartsWith(Registry + "/", StringComparison.Ordinal);
}
