using System.Text.Json.Nodes;
using Berth.Server.Access;
using Berth.Server.Codespaces.Builds;
using Berth.Server.Codespaces.Compose;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Engine;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Plans;
using Berth.Server.Codespaces.Sandbox;
using Berth.Server.Codespaces.Workspaces;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// A start of a codespace. A start goes through phases, each a record that adds what was found out to the record before it. A step can
/// therefore only ask for what is known by then.
/// </summary>
/// <param name="Waits">
/// Called when the start waits for a program of the repository, a lifecycle command or a service. From then on it holds no turn.
/// </param>
internal record BegunStart(Codespace Codespace, CodespaceFolders Folders, CodespaceLogWriter Log, StartProgress Progress, Action Waits)
{
    /// <summary>The user and home folder that git has in the sandbox.</summary>
    public SandboxView GitView => SandboxView.Of(Folders, Codespace) with { Home = Folders.GitHome };

    /// <summary>The checkout on this host.</summary>
    public string Workspace => Folders.Workspace(Codespace.ImageName);
}

/// <summary>A start that this host can run and that its creator is allowed.</summary>
internal record AdmittedStart : BegunStart
{
    public AdmittedStart(BegunStart begun, EngineFacts engine, CodespacePrincipal principal)
        : base(begun) => (Engine, Principal) = (engine, principal);

    public EngineFacts Engine { get; }

    /// <summary>The repository and creator on whose behalf images are fetched.</summary>
    public CodespacePrincipal Principal { get; }
}

/// <summary>A start that has what every start makes anew, even when it uses the last container again.</summary>
internal record PreparedStart : AdmittedStart
{
    public PreparedStart(
        AdmittedStart admitted, Task network, Machine machine, StartCredentials credentials, CodespaceEnvironment environment)
        : base(admitted) => (Network, Machine, Credentials, Environment) = (network, machine, credentials, environment);

    /// <summary>
    /// Ends when the codespace has its network. The network is made while the rest goes on, and only containers wait for it.
    /// </summary>
    public Task Network { get; }

    /// <summary>How much of this host the codespace may use.</summary>
    public Machine Machine { get; }

    /// <summary>The credentials that may be shown to registries.</summary>
    public StartCredentials Credentials { get; }

    /// <summary>The environment of the codespace's processes.</summary>
    public CodespaceEnvironment Environment { get; }

    /// <summary>The prebuild that the start may go on from. From the built start on, the one that it does go on from. Null: none.</summary>
    public ChosenPrebuild? Prebuild { get; init; }
}

/// <summary>A start whose repository is cloned and whose configuration is read.</summary>
internal record ReadStart : PreparedStart
{
    public ReadStart(PreparedStart prepared, DevcontainerPlan plan)
        : base(prepared) => Plan = plan;

    public DevcontainerPlan Plan { get; }

    public DevcontainerConfiguration Configuration => Plan.Configuration;
}

/// <summary>A start for which everything that the configuration names is authorised and fetched.</summary>
internal record FetchedStart : ReadStart
{
    public FetchedStart(ReadStart read, IReadOnlyDictionary<string, PinnedImage> images, IReadOnlyList<Feature> features)
        : base(read) => (Images, Features) = (images, features);

    /// <summary>The images by their references, as the configuration writes them.</summary>
    public IReadOnlyDictionary<string, PinnedImage> Images { get; }

    /// <summary>The features in the order of their installation.</summary>
    public IReadOnlyList<Feature> Features { get; }

    public BuildPlace ForBuilds => new(Codespace, Folders, Log, Machine, Workspace, Plan.Budget, Images)
    {
        Engine = Engine,
        GitView = GitView,
        Network = Network,
    };
}

/// <summary>A start that has an image for every container.</summary>
internal sealed record BuiltStart : FetchedStart
{
    public BuiltStart(FetchedStart fetched, PinnedImage image, IReadOnlyDictionary<string, string> serviceImages)
        : base(fetched) => (Image, ServiceImages) = (image, serviceImages);

    /// <summary>The image of the container that people work in.</summary>
    public PinnedImage Image { get; }

    /// <summary>Images of the services beside it, by service.</summary>
    public IReadOnlyDictionary<string, string> ServiceImages { get; }

    public required WorkPlace Place { get; init; }

    /// <summary>The containers whose images' volumes a service has as well; they are made before it.</summary>
    public IReadOnlyList<VolumesOf> VolumesFor(ComposeService? service) =>
        [.. service?.MountsFrom.Select(from => from.Service == Plan.Compose!.Main.Name
            ? new VolumesOf(EngineNames.ContainerOf(Codespace.Name), Image.Reference, from.ReadOnly)
            : new VolumesOf(EngineNames.ServiceOf(Codespace.Name, from.Service), ServiceImages[from.Service], from.ReadOnly)) ?? []];

    /// <summary>What image, features and devcontainer.json contribute, in that order.</summary>
    public required IReadOnlyList<JsonObject> Metadata { get; init; }

    /// <summary>The same, merged.</summary>
    public required MergedConfiguration Merged { get; init; }
}

/// <summary>The container that people work in has been made, now or by an earlier start. It does not run yet.</summary>
/// <param name="IsNew">The container has never run.</param>
internal sealed record CreatedStart(PreparedStart Start, string Container, WorkPlace Place, MergedConfiguration Merged, bool IsNew)
{
    /// <summary>Why a rebuild failed, when the codespace goes on as it was before. Null: no rebuild failed.</summary>
    public string? FailedRebuild { get; init; }
}

/// <summary>People can work in the codespace. Commands may still run until <see cref="Rest"/> has ended.</summary>
internal sealed record RunningStart(Codespace Codespace, Func<Task> Rest);

/// <summary>The place where people work, and the user they work as.</summary>
/// <param name="Image">The only image that the codespace may use, pinned by digest or built for it.</param>
internal sealed record WorkPlace(string Image, string MountTarget, string WorkspaceFolder, string RemoteUser);

/// <summary>What the container that people work in finds around it.</summary>
/// <param name="HasDocker">The socket of the codespace's own engine is there to be mounted.</param>
/// <param name="Services">The number of services beside it, including those that start after it.</param>
/// <param name="Joined">The container whose network it shares. Null: none.</param>
internal sealed record Surroundings(bool HasDocker, int Services, string? Joined, IReadOnlyList<string> Aliases)
{
    /// <summary>The containers of services that exist already, by service.</summary>
    public IReadOnlyDictionary<string, string> Made { get; init; } = new Dictionary<string, string>();
}
