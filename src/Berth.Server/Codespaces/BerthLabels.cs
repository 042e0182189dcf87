namespace Berth.Server.Codespaces;

/// <summary>
/// The labels that Berth writes on everything it makes on the engine, such as containers and build stages. Images and Dockerfiles that
/// bring such labels are refused. A label alone never proves whose a container is.
/// </summary>
internal static class BerthLabels
{
    public const string Prefix = "berth.";

    /// <summary>The codespace's name.</summary>
    public const string Codespace = "berth.codespace";

    /// <summary>The server that made it. It keeps apart the things of two servers on one engine.</summary>
    public const string Host = "berth.host";

    /// <summary>The role of a container, one of <see cref="ContainerRole"/>.</summary>
    public const string Role = "berth.role";

    /// <summary>The secret of the start that made the container.</summary>
    public const string Start = "berth.start";

    /// <summary>Set on builds. The engine reuses a layer only for builds with the same label.</summary>
    public const string Repository = "berth.repository";

    /// <summary>The name of a service of a compose file. Only earlier releases wrote this label.</summary>
    public const string Service = "berth.service";

    private static readonly string[] All = [Codespace, Host, Role, Start, Repository, Service];

    /// <summary>Says whether a label is one of Berth's. The engine distinguishes capitals from small letters in label names.</summary>
    public static bool IsOwn(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Returns all labels. Those that are not given are empty, so that they overwrite whatever an image says.</summary>
    public static Dictionary<string, string> Over(params (string Name, string Value)[] given)
    {
        var labels = All.ToDictionary(name => name, _ => "", StringComparer.Ordinal);
        foreach (var (name, value) in given)
        {
            labels[name] = value;
        }

        return labels;
    }
}

/// <summary>The role that a container has in its codespace.</summary>
internal static class ContainerRole
{
    /// <summary>The container that people work in.</summary>
    public const string Dev = "dev";

    public const string Service = "service";

    /// <summary>The container of <c>initializeCommand</c>, before there is any other.</summary>
    public const string Initialize = "initialize";

    /// <summary>A container that never runs. Berth reads from it which users its image has.</summary>
    public const string Users = "users";
}
