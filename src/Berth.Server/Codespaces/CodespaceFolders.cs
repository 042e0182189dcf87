namespace Berth.Server.Codespaces;

/// <summary>
/// Where one codespace lies on its host. The folder above is the server's alone; the engine mounts <c>workspace/REPOSITORY</c> out of it.
/// <code>
/// $BERTH_DATA/codespaces/NAME/
///   workspace/REPOSITORY   the checkout, owned by the remote user
///   clone.tmp/             a clone in progress; renamed to the above when it is whole
///   override.json          the configuration that Berth wrote for the dev container tools
///   home/                  HOME of git and the tools, thrown away before each start
/// </code>
/// </summary>
internal sealed class CodespaceFolders(string data, string name)
{
    public string Root { get; } = Path.Combine(data, "codespaces", name);

    public string Override => Path.Combine(Root, "override.json");

    public string Home => Path.Combine(Root, "home");

    public string CloneInProgress => Path.Combine(Root, "clone.tmp");

    public string Workspaces => Path.Combine(Root, "workspace");

    public string Workspace(string repository) => Path.Combine(Workspaces, repository);

    /// <summary>Makes what every start needs, with nothing left of the one before.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Root)!, Private);
        Directory.CreateDirectory(Root, Private);
        Directory.CreateDirectory(Workspaces);
        Delete(Home);
        Directory.CreateDirectory(Home, Private);
        Delete(CloneInProgress);
    }

    public void Delete() => Delete(Root);

    public static void Delete(string folder)
    {
        // Links in it are removed, never followed.
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
}
