using System.Text.Json;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces;

/// <summary>
/// Where one codespace lies on its host. The folder above is the server's alone; the engine mounts <c>workspace/REPOSITORY</c> out of it.
/// <code>
/// $BERTH_DATA/codespaces/NAME/
///   workspace.ext4         the filesystem of the workspace; mounted while the codespace is in use
///   workspace/             where it is mounted
///     REPOSITORY           the checkout, owned by the remote user
///     ~prebuild/           a prebuild's checkout, until it has gone to the commit of a clone
///     ~clone/              a clone in progress; renamed to the above when it is whole (no repository's name has a ~)
///     ~volumes/NAME        volumes
///     ~containers/ID/      what a container writes beside its mounts: its own layer, and its files of names
///     ~added/                what a build fetched, while it runs
///     ~parts/HASH          where parts of the checkout are mounted that containers mount
///     ~texts/HASH          files that the configuration itself has written out
///     ~docker/docker.sock  what containers have as /var/run/docker.sock
///     ~docker/engine/      the codespace's own container engine: its data, socket and log
///   docker.json            how that engine is made, where docker inside is wanted
///   docker-users           the range of users that is the codespace's
///   docker-root, -workspace  places for mounts that only the engine sees
///   parts.json             which parts, as paths within the checkout
///   layers.json            which containers' layers lie there, and where the engine has them
///   images.json            the images that the container was made of
///   before/                while a rebuild is not done: how the containers of before are started
///   submodules.json        the URLs of the submodules that were cloned
///   services.json          the services beside it, in the order of their start
///   prebuild.json          of a prebuild, and of what began with one: what its container was made from
///   git-home/              HOME of git, thrown away before each start
///   passwd, group          what sandboxes see as /etc/passwd and /etc/group
/// $BERTH_DATA/ssh-server/  OpenSSH's server with its libraries, which every codespace sees and none writes to
/// </code>
/// </summary>
internal sealed class CodespaceFolders(string data, string name)
{
    public string Root { get; } = Path.Combine(data, "codespaces", name);

    /// <summary>The images that the container is made of, as the configuration names them: JSON, a list of texts.</summary>
    public string UsedImages => Path.Combine(Root, "images.json");

    /// <summary>Where the submodules of the checkout were cloned from: JSON, a list of texts.</summary>
    public string Submodules => Path.Combine(Root, "submodules.json");

    /// <summary>What <see cref="Submodules"/> says; nothing where it is not there.</summary>
    public async Task<IReadOnlyList<string>> SubmodulesAsync(CancellationToken cancellationToken) => File.Exists(Submodules)
        ? JsonSerializer.Deserialize<List<string>>(await File.ReadAllBytesAsync(Submodules, cancellationToken)) ?? []
        : [];

    /// <summary>What runs beside the container (<see cref="Compose.ServiceStart"/>): JSON, a list in the order of the start.</summary>
    public string Services => Path.Combine(Root, "services.json");

    /// <summary>How the earlier containers are started, while they are set aside for new ones.</summary>
    public string Before => Path.Combine(Root, "before");

    /// <summary>The containers that are set aside (<see cref="ContainerAside"/>): JSON, a list. Without the file there are none.</summary>
    public string BeforeList => Path.Combine(Before, "containers.json");

    /// <summary>The files that say how the containers are started again.</summary>
    public IReadOnlyList<string> OfContainers => [UsedImages, Services, PartsList, DockerPlan];

    public string Volume(string name) => Path.Combine(Workspaces, "~volumes", name);

    /// <summary>What a container writes outside its mounts.</summary>
    public string Container(string id) => Path.Combine(Containers, id);

    public string Containers => Path.Combine(Workspaces, "~containers");

    /// <summary>The containers whose layers lie there: JSON, a list of <see cref="PlacedLayer"/>.</summary>
    public string LayersList => Path.Combine(Root, "layers.json");

    /// <summary>What builds fetch.</summary>
    public string Added => Path.Combine(Workspaces, "~added");

    public string Parts => Path.Combine(Workspaces, "~parts");

    /// <summary>Where a file or folder of the checkout is mounted for containers that mount it.</summary>
    public string Part(string path) => Path.Combine(Parts, WorkspaceParts.NameOf(path));

    /// <summary>Which parts are mounted there: JSON, a list of paths within the checkout.</summary>
    public string PartsList => Path.Combine(Root, "parts.json");

    /// <summary>A file whose whole text is written in the configuration.</summary>
    public string Text(string content) => Path.Combine(Workspaces, "~texts", WorkspaceParts.NameOf(content));

    /// <summary>The socket of docker, as containers mount it.</summary>
    public string DockerSocket => Path.Combine(Workspaces, "~docker", "docker.sock");

    /// <summary>The files of the codespace's own container engine. Only that engine writes there.</summary>
    public string DockerEngine => Path.Combine(Workspaces, "~docker", "engine");

    /// <summary>How the codespace's own engine is made: JSON. The file is missing when docker inside is not wanted.</summary>
    public string DockerPlan => Path.Combine(Root, "docker.json");

    /// <summary>What was said while that engine was made.</summary>
    public string DockerLog => Path.Combine(Root, "docker.log");

    public string DockerRoot => Path.Combine(Root, "docker-root");

    public string DockerWorkspace => Path.Combine(Root, "docker-workspace");

    /// <summary>Of a prebuild (<see cref="Prebuilds.PrebuildRecord"/>): JSON.</summary>
    public string Prebuild => Path.Combine(Root, "prebuild.json");

    public string GitHome => Path.Combine(Root, "git-home");

    /// <summary>Everything that docker inside has on the codespace's disk.</summary>
    public string Docker => Path.Combine(Workspaces, "~docker");

    /// <summary>A prebuild's checkout, set aside until it has been moved to the commit of a clone.</summary>
    public string PrebuildCheckout => Path.Combine(Workspaces, "~prebuild");

    public string CloneInProgress => Path.Combine(Workspaces, "~clone");

    public string WorkspaceImage => Path.Combine(Root, "workspace.ext4");

    public string Workspaces => Path.Combine(Root, "workspace");

    public string Workspace(string repository) => Path.Combine(Workspaces, repository);

    /// <summary>
    /// The part of the SSH server that is mounted into codespaces. It exists from the first start on, though perhaps empty: containers that
    /// run see what is put into it later.
    /// </summary>
    public string SshServer { get; } = SshServerOf(data);

    public static string SshServerOf(string data) => Path.Combine(data, "ssh-server");

    /// <summary>Makes the folders that every start needs, and removes what the start before left.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(SshServer);
        Directory.CreateDirectory(Path.GetDirectoryName(Root)!, Private);
        Directory.CreateDirectory(Root, Private);
        Directory.CreateDirectory(Workspaces);
        Delete(GitHome);
        Directory.CreateDirectory(GitHome, Private);
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
