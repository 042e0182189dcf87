namespace Berth.Server.Codespaces;

/// <summary>What a codespace's things on an engine are called.</summary>
internal static class EngineNames
{
    /// <summary>The container that people work in.</summary>
    public static string ContainerOf(string codespace) => "berth-" + codespace;

    public static string NetworkOf(string codespace) => ContainerOf(codespace);
}
