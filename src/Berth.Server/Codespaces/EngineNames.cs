namespace Berth.Server.Codespaces;

/// <summary>What a codespace's things on an engine are called.</summary>
internal static class EngineNames
{
    /// <summary>The container that people work in.</summary>
    public static string ContainerOf(string codespace) => "berth-" + codespace;

    /// <summary>No codespace's name has a dot.</summary>
    public static string ServiceOf(string codespace, string service) => $"{ContainerOf(codespace)}.{service}";

    public static string VolumeOf(string codespace, string volume) => $"{ContainerOf(codespace)}.{volume}";

    public static string NetworkOf(string codespace) => ContainerOf(codespace);
}
