using Berth.Server.Access;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Gate;
using Berth.Server.Codespaces.Images;
using Berth.Server.Codespaces.Environment;
using Berth.Server.Codespaces.Sandbox;

namespace Berth.Server.Codespaces.Steps;

/// <summary>
/// What one start knows, handed from step to step: a step takes it and returns it with what it found out. Asking for something before its
/// step is a bug and throws.
/// </summary>
internal sealed record StartContext(Codespace Codespace, CodespaceFolders Folders, CodespaceLogWriter Log, StartProgress Progress)
{
    /// <summary>
    /// Told the codespace with its container when people can work in it; commands may go on in the background. Of
    /// <see cref="StartCodespace"/>.
    /// </summary>
    public Func<Codespace, Task> Available { get => field ?? throw Early(); init; }

    /// <summary>
    /// Told when the start waits for a program of the repository's, a lifecycle command or a service: from then on it holds no turn.
    /// </summary>
    public Action Waits { get; init; } = () => { };

    /// <summary>Who asks for images: repository and creator. Of <see cref="CheckReadAccess"/>.</summary>
    public CodespacePrincipal Principal { get => field ?? throw Early(); init; }

    /// <summary>The codespace's token of this start. Of <see cref="IssueToken"/>.</summary>
    public string Token { get => field ?? throw Early(); init; }

    /// <summary>They wait for the rest of the start. There from the beginning.</summary>
    public WaitingTools Tools { get => field ?? throw Early(); init; }

    /// <summary>What it may use of this host. Of <see cref="PrepareMachine"/>.</summary>
    public Machine Machine { get => field ?? throw Early(); init; }

    /// <summary>What its processes get. Of <see cref="PrepareEnvironment"/>.</summary>
    public CodespaceEnvironment Environment { get => field ?? throw Early(); init; }

    /// <summary>What the repository asks for. Of <see cref="ReadConfiguration"/>.</summary>
    public DevcontainerPlan Plan { get => field ?? throw Early(); init; }

    public DevcontainerConfiguration Configuration => Plan.Configuration;

    /// <summary>What may be shown to registries. Of <see cref="ResolveCredentials"/>.</summary>
    public StartCredentials Credentials { get => field ?? throw Early(); init; }

    /// <summary>
    /// Every image that the configuration names, authorised and fetched, by its reference as it is written. Of <see cref="FetchImages"/>.
    /// </summary>
    public IReadOnlyDictionary<string, PinnedImage> Images { get => field ?? throw Early(); init; }

    /// <summary>In the order of their installation. Of <see cref="FetchImages"/>.</summary>
    public IReadOnlyList<Feature> Features { get => field ?? throw Early(); init; }

    /// <summary>Images of the services beside the container, by service. Of <see cref="BuildImage"/>.</summary>
    public IReadOnlyDictionary<string, string> ServiceImages { get; init; } = new Dictionary<string, string>();

    /// <summary>How many services run beside the container. Of <see cref="StartServices"/>.</summary>
    public int Services { get; init; }

    /// <summary>What the container has from its service. Of <see cref="StartServices"/>; null where it is none.</summary>
    public GateAdditions? Additions { get; init; }

    /// <summary>What is to be started. Of <see cref="BuildImage"/>, or of <see cref="ReuseContainer"/>.</summary>
    public PreparedContainer Prepared { get => field ?? throw Early(); init; }

    /// <summary>Who git is in the sandbox, and its home.</summary>
    public SandboxView GitView => SandboxView.Of(Folders, Codespace) with { Home = Folders.GitHome };

    /// <summary>
    /// Who the dev container tools are in the sandbox, and what of theirs they see: their home, the checkout, and the configuration that
    /// Berth writes.
    /// </summary>
    public SandboxView ToolsView =>
        SandboxView.Of(Folders, Codespace) with { Home = Folders.Home, ReadOnly = [Folders.Workspaces, Folders.Override] };

    /// <summary>The checkout on this host.</summary>
    public string Workspace => Folders.Workspace(Codespace.ImageName);

    private static InvalidOperationException Early() => new("a step of a start asks for what a later one finds out");
}

/// <summary>What <c>devcontainer up</c> is to start.</summary>
/// <param name="Image">The only image that the codespace may use, pinned by digest or built for it.</param>
internal sealed record PreparedContainer(string Image, string MountTarget, string WorkspaceFolder, string RemoteUser);
