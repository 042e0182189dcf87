namespace Berth.Server.Codespaces;

/// <summary>The names of a codespace's containers, volumes and network on an engine.</summary>
internal static class EngineNames
{
    /// <summary>The container that people work in.</summary>
    public static string ContainerOf(string codespace) => "berth-" + codespace;

    /// <summary>The container of a service. The dot keeps it apart from other codespaces, whose names have none.</summary>
    public static string ServiceOf(string codespace, string service) => $"{ContainerOf(codespace)}.{service}";

    /// <summary>The container that shows the users of an image. No service's name leads to this name.</summary>
    public static string UsersOf(string codespace) => ContainerOf(codespace) + "_users";

    /// <summary>The container of <c>initializeCommand</c>.</summary>
    /// <inheritdoc cref="UsersOf"/>
    public static string InitializeOf(string codespace) => ContainerOf(codespace) + "_initialize";

    /// <summary>A container that is set aside. No codespace's name leads to this name.</summary>
    public static string AsideOf(string container) => "berth.before." + container[..Math.Min(container.Length, 64)];

    public static string VolumeOf(string codespace, string volume) => $"{ContainerOf(codespace)}.{volume}";

    public static string NetworkOf(string codespace) => ContainerOf(codespace);
}
