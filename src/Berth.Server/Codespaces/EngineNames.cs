namespace Berth.Server.Codespaces;

/// <summary>What a codespace's things on an engine are called.</summary>
internal static class EngineNames
{
    /// <summary>The container that people work in.</summary>
    public static string ContainerOf(string codespace) => "berth-" + codespace;

    /// <summary>No codespace's name has a dot.</summary>
    public static string ServiceOf(string codespace, string service) => $"{ContainerOf(codespace)}.{service}";

    /// <summary>One that waits for others to take its place; no name of a codespace makes it.</summary>
    public static string AsideOf(string container) => "berth.before." + container[..Math.Min(container.Length, 64)];

    public static string VolumeOf(string codespace, string volume) => $"{ContainerOf(codespace)}.{volume}";

    public static string NetworkOf(string codespace) => ContainerOf(codespace);
}
