using System.Text.Json.Nodes;
using Berth.Server.Access;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Features;
using Berth.Server.Codespaces.Engine;
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
    /// Why the rebuild failed after which the codespace goes on as it was. Of <see cref="StartSteps"/>; null: there was none.
    /// </summary>
    public string? FailedRebuild { get; init; }

    /// <summary>
    /// Told when the start waits for a program of the repository's, a lifecycle command or a service: from then on it holds no turn.
    /// </summary>
    public Action Waits { get; init; } = () => { };

    /// <summary>Who asks for images: repository and creator. Of <see cref="CheckReadAccess"/>.</summary>
    public CodespacePrincipal Principal { get => field ?? throw Early(); init; }

    /// <summary>The codespace's token of this start. Of <see cref="IssueToken"/>.</summary>
    public string Token { get => field ?? throw Early(); init; }

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

    /// <summary>Its engine's socket is there to be mounted. Of <see cref="PrepareMounts"/>.</summary>
    public bool HasDocker { get; init; }

    /// <summary>How many services run beside the container. Of <see cref="StartServices"/>.</summary>
    public int Services { get; init; }

    /// <summary>The container whose network the one that people work in shares. Of <see cref="StartServices"/>; null: none.</summary>
    public string? Joined { get; init; }

    /// <summary>Names that services have for the container. Of <see cref="StartServices"/>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What is to be started. Of <see cref="BuildImage"/>, or of <see cref="ReuseContainer"/>.</summary>
    public PreparedContainer Prepared { get => field ?? throw Early(); init; }

    /// <summary>Its image. Of <see cref="BuildImage"/>.</summary>
    public EngineImage PreparedImage { get => field ?? throw Early(); init; }

    /// <summary>
    /// What image, features and devcontainer.json contribute, in that order. Of <see cref="BuildImage"/>, or of
    /// <see cref="ReuseContainer"/>.
    /// </summary>
    public IReadOnlyList<JsonObject> Metadata { get => field ?? throw Early(); init; }

    /// <summary>The same, merged.</summary>
    public MergedConfiguration Merged { get => field ?? throw Early(); init; }

    /// <summary>The container that people work in. Of <see cref="CreateContainer"/>, or of <see cref="ReuseContainer"/>.</summary>
    public string ContainerId { get => field ?? throw Early(); init; }

    /// <summary>Who git is in the sandbox, and its home.</summary>
    public SandboxView GitView => SandboxView.Of(Folders, Codespace) with { Home = Folders.GitHome };

    /// <summary>The checkout on this host.</summary>
    public string Workspace => Folders.Workspace(Codespace.ImageName);

    private static InvalidOperationException Early() => new("a step of a start asks for what a later one finds out");
}

/// <summary>What is to be started.</summary>
/// <param name="Image">The only image that the codespace may use, pinned by digest or built for it.</param>
internal sealed record PreparedContainer(string Image, string MountTarget, string WorkspaceFolder, string RemoteUser);
