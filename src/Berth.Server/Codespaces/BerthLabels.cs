namespace Berth.Server.Codespaces;

/// <summary>
/// The labels that Berth writes on what it makes on the engine, as on every container and every stage of a build. Images and Dockerfiles
/// carry none of them, and none of them by itself says whose a container is.
/// </summary>
internal static class BerthLabels
{
    public const string Prefix = "berth.";

    /// <summary>The codespace's name.</summary>
    public const string Codespace = "berth.codespace";

    /// <summary>The server that made it, so that two servers on one engine do not meet.</summary>
    public const string Host = "berth.host";

    /// <summary>Of a <see cref="ContainerRole"/>.</summary>
    public const string Role = "berth.role";

    /// <summary>The secret of the start that made the container.</summary>
    public const string Start = "berth.start";

    /// <summary>Of builds: the engine reuses a layer only below the same one.</summary>
    public const string Repository = "berth.repository";

    /// <summary>Of a service of a compose file: its name. Earlier releases wrote it.</summary>
    public const string Service = "berth.service";

    private static readonly string[] All = [Codespace, Host, Role, Start, Repository, Service];

    /// <summary>The engine tells capitals and small letters apart in a label's name.</summary>
    public static bool IsOwn(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>All of them, those that are not given as empty: whatever an image says, a container or stage with these says something
    /// else.</summary>
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

/// <summary>What a container is in its codespace.</summary>
internal static class ContainerRole
{
    /// <summary>People work in it.</summary>
    public const string Dev = "dev";

    public const string Service = "service";

    /// <summary>It never runs, and shows which users its image has.</summary>
    public const string Users = "users";
}
