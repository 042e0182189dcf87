using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Reads the form of a devcontainer.json and what that form needs. It checks that all paths lie within the checkout.
/// </summary>
/// <param name="workspace">The path of the checkout in the container.</param>
internal sealed partial class SourceReader(JsonObject config, DevcontainerFile file, string workspace, List<string> ignored)
{
    private const int MaxFeatures = 200;

    private readonly Refusals _refusals = file.Checkout.Refusals;

    private string Folder => file.Folder;

    public DevcontainerSource Read()
    {
        var build = Object(config, "build", "build");
        if (Text(config, "dockerFile", "dockerFile") is { } old)
        {
            return new BuildSource(Build(build ?? [], old, Text(config, "context", "context")));
        }

        if (build is not null && Text(build, "dockerfile", "build.dockerfile") is { } dockerfile)
        {
            return new BuildSource(Build(build, dockerfile, Text(build, "context", "build.context") ?? Text(config, "context", "context")));
        }

        if (Text(config, "image", "image") is { } text)
        {
            return ImageReference.TryParse(text, file.Checkout.Defaults.Registry, out var image, out var fault)
                ? new ImageSource(image)
                : throw Fault($"image: {fault}");
        }

        return (DevcontainerSource?)Compose() ?? Default();
    }

    /// <summary>The operator's image, as for a repository without any configuration.</summary>
    private ImageSource Default()
    {
        if (file.Checkout.Defaults.Image is not { } image)
        {
            throw Fault(
                "names no image; add \"image\": \"registry/owner/image:tag\", or \"build\", or \"dockerComposeFile\"", colon: false);
        }

        var lack = file.Exists ? $"{file.Path} names no image" : "the repository has no dev container configuration";
        ignored.Add($"{lack}: the codespace gets this server's default, {image}");
        return new ImageSource(image);
    }

    private DockerfileBuild Build(JsonObject build, string dockerfile, string? context)
    {
        foreach (var (name, _) in build)
        {
            if (name is "cacheFrom")
            {
                ignored.Add("build.cacheFrom is ignored: builds share a cache only with earlier builds of the same repository");
            }
            else if (name is not ("dockerfile" or "context" or "args" or "target" or "options"))
            {
                ignored.Add($"build.{name} is ignored: codespaces do not know it");
            }
        }

        Dictionary<string, string> arguments = new(StringComparer.Ordinal);
        foreach (var (name, value) in _refusals.Try(() => Object(build, "args", "build.args")) ?? [])
        {
            _refusals.Try(() => arguments[name] = VariableName.IsOne(name) && DevcontainerConfiguration.TextOf(value) is { } text
                ? text : throw Fault("build.args must be names with texts"));
        }

        var target = _refusals.Try(() => Text(build, "target", "build.target"));
        Dictionary<string, NamedContext> contexts = new(StringComparer.Ordinal);
        var (noCache, network) = Options(build, arguments, contexts, ref target);
        var path = file.Checkout.Locate(Folder, dockerfile, $"{file.Path}: build.dockerfile");

        // The default is the Dockerfile's own folder.
        var folder = context is null
            ? path[..Math.Max(path.LastIndexOf('/'), 0)]
            : _refusals.Try(() => file.Checkout.Locate(Folder, context, $"{file.Path}: build.context"));
        return new DockerfileBuild(path, folder ?? "", arguments, target, noCache, network) { Contexts = contexts };
    }

    /// <summary>Reads options of <c>docker build</c>. Only a few are harmless and honoured.</summary>
    private (bool NoCache, string? Network) Options(
        JsonObject build, Dictionary<string, string> arguments, Dictionary<string, NamedContext> contexts, ref string? target)
    {
        var options = new Queue<string>(_refusals.Try(() => Strings(build, "options", "build.options")) ?? []);
        var (noCache, network) = (false, (string?)null);
        while (options.TryDequeue(out var option))
        {
            var equals = option.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? option : option[..equals];
            try
            {
                switch (name)
                {
                    case "--no-cache":
                        noCache = true;
                        break;
                    case "--pull" or "--quiet" or "-q" or "--rm" or "--force-rm" or "--load":
                        break;
                    case "--progress":
                        Value();
                        break;
                    case "--target":
                        target = Value();
                        break;
                    case "--build-arg":
                        var pair = Value().Split('=', 2);
                        arguments[pair[0]] = pair.Length == 2 && VariableName.IsOne(pair[0])
                            ? pair[1]
                            : throw Fault("build.options: --build-arg is written NAME=VALUE: there is no environment to take a value from");
                        break;
                    case "--build-context":
                        var context = Value().Split('=', 2);
                        NamedContext.Add(
                            contexts, context[0],
                            context.Length == 2
                                ? WorkspacePlace.Within(workspace, context[1])
                                : throw Fault("build.options: --build-context is written NAME=FOLDER"),
                            file.Checkout, "", services: null, $"{file.Path}: build.options: --build-context {context[0]}",
                            new TextPlace(file.Path, file.LineOf("build")));
                        break;
                    case "--network":
                        network = Network(Value());
                        break;
                    default:
                        // The next word may be the option's value, and is left out with it.
                        if (equals < 0 && options.TryPeek(out var next) && !next.StartsWith('-'))
                        {
                            options.Dequeue();
                        }

                        ignored.Add($"build.options: {name} is left out{WhyNot(name)}");
                        break;
                }
            }
            catch (FaultException refusal)
            {
                _refusals.Add(refusal);
            }

            string Value() =>
                equals >= 0
                    ? option[(equals + 1)..]
                    : options.TryDequeue(out var next) ? next : throw Fault($"build.options: {name} needs a value");
        }

        return (noCache, network);
    }

    private string? Network(string wanted)
    {
        if (wanted is not ("none" or "default"))
        {
            ignored.Add($"build.options: --network={wanted} is left out: builds reach what the codespace reaches, or nothing (none)");
        }

        return wanted == "none" ? wanted : null;
    }

    private static string WhyNot(string option) => option switch
    {
        "--secret" or "--ssh" => ": builds get no secrets; use them in postCreateCommand",
        "--cache-from" or "--cache-to" => ": builds share a cache only with earlier builds of the same repository",
        "--platform" => ": an image is built for the engine's own machine",
        _ => "; taken are --no-cache, --pull, --target, --build-arg NAME=VALUE, --build-context NAME=FOLDER, --network=none and --progress",
    };

    private ComposeSource? Compose()
    {
        if (!config.TryGetPropertyValue("dockerComposeFile", out var value) || value is null)
        {
            return null;
        }

        var files = value.GetValueKind() == JsonValueKind.String
            ? [value.GetValue<string>()]
            : Strings(config, "dockerComposeFile", "dockerComposeFile") ?? [];
        if (files.Count is 0 or > 10)
        {
            throw Fault("dockerComposeFile must name one to ten files");
        }

        var service = Text(config, "service", "service")
            ?? throw Fault("service must say which service of dockerComposeFile is the dev container");
        return new ComposeSource(
            [.. files.Select(path => file.Checkout.Locate(Folder, path, $"{file.Path}: dockerComposeFile"))], service,
            Strings(config, "runServices", "runServices"));
    }

    public List<FeatureRequest> Features()
    {
        List<FeatureRequest> features = [];
        foreach (var (id, value) in Object(config, "features", "features") ?? [])
        {
            file.Checkout.Budget.Count("features", MaxFeatures, new TextPlace(file.Path, file.Lines.GetValueOrDefault("features")));
            var options = _refusals.Try(() => value?.GetValueKind() switch
            {
                JsonValueKind.Object => value.AsObject(),

                // A plain text is the version. This is an older form.
                JsonValueKind.String or JsonValueKind.Number => new JsonObject { ["version"] = DevcontainerConfiguration.TextOf(value) },
                JsonValueKind.True or null => [],
                JsonValueKind.False => null,
                _ => throw Fault($"features: the options of {id} must be an object"),
            });
            if (OldFeatureNames.IsGone(id))
            {
                ignored.Add($"the feature {id} is left out: no registry has one of this old name; onCreateCommand can install what it did");
            }
            else if (options is not null)
            {
                var (name, option) = OldFeatureNames.Today(id);
                options = options.DeepClone().AsObject();
                if (option is not null)
                {
                    options.TryAdd(option, true);
                }

                if (name != id)
                {
                    ignored.Add($"the feature {id} is read as {name}, which is its name today");
                }

                features.Add(new FeatureRequest(name, options, id));
            }
        }

        return features;
    }

    public List<string> FeatureOrder() => [
        .. (Strings(config, "overrideFeatureInstallOrder", "overrideFeatureInstallOrder") ?? [])
            .Select(id => OldFeatureNames.Today(id).Name),
    ];

    public List<RecommendedSecret> Secrets()
    {
        List<RecommendedSecret> secrets = [];
        foreach (var (name, value) in Object(config, "secrets", "secrets") ?? [])
        {
            if (!VariableName.IsOne(name))
            {
                throw Fault($"secrets: '{name}' is no name of a variable");
            }

            var about = value as JsonObject ?? [];
            secrets.Add(new RecommendedSecret(
                name, Text(about, "description", $"secrets.{name}.description"),
                Text(about, "documentationUrl", $"secrets.{name}.documentationUrl")));
        }

        return secrets;
    }

    public HostRequirements? Requirements()
    {
        if (Object(config, "hostRequirements", "hostRequirements") is not { } wanted)
        {
            return null;
        }

        var cpus = wanted.TryGetPropertyValue("cpus", out var number) && number is not null
            ? int.TryParse(DevcontainerConfiguration.TextOf(number), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count > 0
                ? count
                : Unread<int>("cpus", "a number")
            : null;
        var gpu = wanted.TryGetPropertyValue("gpu", out var value) && value?.GetValueKind() is not (null or JsonValueKind.False)
            && !(value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() == "optional");
        return new HostRequirements(cpus, Size(wanted, "memory"), Size(wanted, "storage"), gpu);
    }

    /// <summary>Reads a size such as <c>8gb</c>: bytes with tb, gb, mb, kb or no unit, counted in 1024.</summary>
    private long? Size(JsonObject wanted, string name)
    {
        if (wanted[name] is not { } value)
        {
            return null;
        }

        var match = SizeGrammar().Match(DevcontainerConfiguration.TextOf(value) ?? "");
        var shift = match.Groups["unit"].Value.ToLowerInvariant() switch { "tb" => 40, "gb" => 30, "mb" => 20, "kb" => 10, _ => 0 };
        return match.Success && long.TryParse(match.Groups["number"].Value, out var number) && number < 1L << 20 << (40 - shift)
            ? number << shift
            : Unread<long>(name, "a size such as \"8gb\"");
    }

    private T? Unread<T>(string name, string wanted)
        where T : struct
    {
        ignored.Add($"hostRequirements.{name} is ignored: it is not {wanted}");
        return null;
    }

    private JsonObject? Object(JsonObject parent, string name, string shown) =>
        !parent.TryGetPropertyValue(name, out var value) || value is null
            ? null
            : value as JsonObject ?? throw Fault($"{shown} must be an object");

    private string? Text(JsonObject parent, string name, string shown) =>
        !parent.TryGetPropertyValue(name, out var value) || value is null ? null
        : DevcontainerConfiguration.TextOf(value) is not { } text ? throw Fault($"{shown} must be a text")
        : text.Length > 0 ? text
        : null;

    private List<string>? Strings(JsonObject parent, string name, string shown) =>
        !parent.TryGetPropertyValue(name, out var value) || value is null ? null
        : value is JsonArray array && array.All(item => item?.GetValueKind() == JsonValueKind.String)
        ? [.. array.Select(item => item!.GetValue<string>())]
        : throw Fault($"{shown} must be a list of texts");

    private FaultException Fault(string reason, bool colon = true) =>
        new(FaultKind.Configuration, $"{file.Path}{(colon ? ":" : "")} {reason}");

    [GeneratedRegex(
        @"^(?<number>[0-9]{1,15}) ?(?<unit>tb|gb|mb|kb)?\z",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex SizeGrammar();
}
