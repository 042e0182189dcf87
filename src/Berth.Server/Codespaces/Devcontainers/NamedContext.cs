using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// A context that a build has in addition to its own, under a name (<c>additional_contexts</c> of compose, <c>--build-context</c> of docker
/// build). A Dockerfile refers to it as to a stage.
/// </summary>
internal abstract record NamedContext
{
    private const string ImagePrefix = "docker-image://";
    private const string ServicePrefix = "service:";
    private const int Most = 64;
    private const int LongestName = 255;

    private NamedContext()
    {
    }

    /// <summary>The files of a folder of the checkout.</summary>
    public sealed record Folder(string Path) : NamedContext;

    /// <summary>An image of a registry, as the configuration writes it.</summary>
    public sealed record Image(string Reference) : NamedContext;

    /// <summary>The image of another service of the compose files.</summary>
    public sealed record Service(string Name) : NamedContext;

    /// <summary>The single spelling of a name. Capitals do not matter, and the tag <c>latest</c> may be left out.</summary>
    public static string KeyOf(string name)
    {
        var key = name.ToLowerInvariant();
        return key.EndsWith(":latest", StringComparison.Ordinal) ? key[..^":latest".Length] : key;
    }

    /// <summary>Reads a context and adds it to the others.</summary>
    /// <param name="services">The names of services that it may refer to. Null: there are none.</param>
    /// <exception cref="FaultException">The context lies outside the repository, or does not exist.</exception>
    public static void Add(
        Dictionary<string, NamedContext> contexts, string name, string value, Checkout checkout, string folder,
        IReadOnlyCollection<string>? services, string what, TextPlace place)
    {
        checkout.Budget.Count("named contexts of builds", Most, place);
        if (name.Length is 0 or > LongestName || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            throw new FaultException(FaultKind.Configuration, $"{what}: it has no name that a Dockerfile could use");
        }

        contexts[KeyOf(name)] = value switch
        {
            _ when value.StartsWith(ImagePrefix, StringComparison.Ordinal) => new Image(value[ImagePrefix.Length..]),
            _ when services is not null && value.StartsWith(ServicePrefix, StringComparison.Ordinal) =>
                OfService(value[ServicePrefix.Length..], services, what),
            _ when value.Contains("://", StringComparison.Ordinal) || value.StartsWith("git@", StringComparison.Ordinal) =>
                throw new FaultException(
                    FaultKind.Configuration,
                    $"{what}: '{value}' is not in the repository; name a folder of the repository or {ImagePrefix}IMAGE, or fetch it with "
                        + "ADD or RUN in the Dockerfile"),
            _ => OfFolder(checkout, checkout.Locate(folder, value, what), what),
        };
    }

    private static Service OfService(string name, IReadOnlyCollection<string> services, string what) => services.Contains(name)
        ? new Service(name)
        : throw new FaultException(
            FaultKind.Configuration, $"{what}: there is no service {name}; there are {string.Join(", ", services)}");

    private static Folder OfFolder(Checkout checkout, string path, string what) => checkout.KindOf(path) == FileKind.Folder
        ? new Folder(path)
        : throw new FaultException(FaultKind.Configuration, $"{what}: the repository has no folder {path}");
}
