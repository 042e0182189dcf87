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
/// A start, and whose it is. The phases of a start follow from one another: each is a record that has what the one before it had and what
/// was found out since, so a step can only ask for what is known by then.
/// </summary>
/// <param name="Waits">
/// Told when the start waits for a program of the repository's, a lifecycle command or a service: from then on it holds no turn.
/// </param>
internal record BegunStart(Codespace Codespace, CodespaceFolders Folders, CodespaceLogWriter Log, StartProgress Progress, Action Waits)
{
    /// <summary>Who git is in the sandbox, and its home.</summary>
    public SandboxView GitView => SandboxView.Of(Folders, Codespace) with { Home = Folders.GitHome };

    /// <summary>The checkout on this host.</summary>
    public string Workspace => Folders.Workspace(Codespace.ImageName);
}

/// <summary>This host can have it, and its creator may.</summary>
internal record AdmittedStart : BegunStart
{
    public AdmittedStart(BegunStart begun, EngineFacts engine, CodespacePrincipal principal)
        : base(begun) => (Engine, Principal) = (engine, principal);

    public EngineFacts Engine { get; }

    /// <summary>Who asks for images: repository and creator.</summary>
    public CodespacePrincipal Principal { get; }
}

/// <summary>It has what every start makes anew, also one with the container of the last.</summary>
internal record PreparedStart : AdmittedStart
{
    public PreparedStart(
        AdmittedStart admitted, Task network, Machine machine, StartCredentials credentials, CodespaceEnvironment environment)
        : base(admitted) => (Network, Machine, Credentials, Environment) = (network, machine, credentials, environment);

    /// <summary>Ends when the codespace has its network: it is made while the rest goes on, and only what runs in it waits.</summary>
    public Task Network { get; }

    /// <summary>What it may use of this host.</summary>
    public Machine Machine { get; }

    /// <summary>What may be shown to registries.</summary>
    public StartCredentials Credentials { get; }

    /// <summary>What its processes get.</summary>
    public CodespaceEnvironment Environment { get; }

    /// <summary>What it may go on from, and from the built start on does; null: nothing.</summary>
    public ChosenPrebuild? Prebuild { get; init; }
}

/// <summary>The repository is cloned, and what it asks for is known.</summary>
internal record ReadStart : PreparedStart
{
    public ReadStart(PreparedStart prepared, DevcontainerPlan plan)
        : base(prepared) => Plan = plan;

    public DevcontainerPlan Plan { get; }

    public DevcontainerConfiguration Configuration => Plan.Configuration;
}

/// <summary>Everything that the configuration names is authorised, and here.</summary>
internal record FetchedStart : ReadStart
{
    public FetchedStart(ReadStart read, IReadOnlyDictionary<string, PinnedImage> images, IReadOnlyList<Feature> features)
        : base(read) => (Images, Features) = (images, features);

    /// <summary>By their references as they are written.</summary>
    public IReadOnlyDictionary<string, PinnedImage> Images { get; }

    /// <summary>In the order of their installation.</summary>
    public IReadOnlyList<Feature> Features { get; }

    public BuildPlace ForBuilds => new(Codespace, Folders, Log, Machine, Workspace, Plan.Budget, Images)
    {
        Engine = Engine,
        GitView = GitView,
        Network = Network,
    };
}

/// <summary>There is an image for every container.</summary>
internal sealed record BuiltStart : FetchedStart
{
    public BuiltStart(FetchedStart fetched, PinnedImage image, IReadOnlyDictionary<string, string> serviceImages)
        : base(fetched) => (Image, ServiceImages) = (image, serviceImages);

    /// <summary>Of the container that people work in.</summary>
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

/// <summary>The container that people work in is there, made now or by an earlier start. It does not run.</summary>
/// <param name="IsNew">It has never run.</param>
internal sealed record CreatedStart(PreparedStart Start, string Container, WorkPlace Place, MergedConfiguration Merged, bool IsNew)
{
    /// <summary>Why the rebuild failed after which the codespace goes on as it was; null: there was none.</summary>
    public string? FailedRebuild { get; init; }
}

/// <summary>People can work in it. Commands may go on, until <see cref="Rest"/> has run to its end.</summary>
/// <param name="Codespace">With its container.</param>
internal sealed record RunningStart(Codespace Codespace, Func<Task> Rest);

/// <summary>Where and as whom people work.</summary>
/// <param name="Image">The only image that the codespace may use, pinned by digest or built for it.</param>
internal sealed record WorkPlace(string Image, string MountTarget, string WorkspaceFolder, string RemoteUser);

/// <summary>What the container that people work in finds beside it.</summary>
/// <param name="HasDocker">Its engine's socket is there to be mounted.</param>
/// <param name="Services">How many services run beside it, those included that start after it.</param>
/// <param name="Joined">The container whose network it shares; null: none.</param>
/// <param name="Aliases">Names that services have for it.</param>
internal sealed record Surroundings(bool HasDocker, int Services, string? Joined, IReadOnlyList<string> Aliases)
{
    /// <summary>Containers of the services that are there already, by service.</summary>
    public IReadOnlyDictionary<string, string> Made { get; init; } = new Dictionary<string, string>();
}
