using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Devcontainers;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Oci;

namespace Berth.Server.Codespaces.Compose;

/// <summary>Reads one service as a codespace runs it. What it may not ask for is refused with file and line.</summary>
internal sealed partial class ServiceReader(
    Checkout checkout, ComposeFiles files, ComposeMap project, MountReader mounts, List<ImageUse> uses, List<string> remarks)
{
    /// <summary>Reads only the image of a service that does not run, but from which others are built.</summary>
    public ComposeService ReadImage(string name, ComposeMap service)
    {
        if (!NameGrammar().IsMatch(name))
        {
            throw service.Fault($"'{name}' is no name of a service");
        }

        Refusals.Try(() => Platform(service, name));
        return new ComposeService(name)
        {
            Build = service["build"] is ComposeMap map ? Refusals.Try(() => Build(map, name)) : null,
            Image = service["build"] is ComposeMap ? null : Refusals.Try(() => Image(service, name)),
        };
    }

    public ComposeService Read(string name, ComposeMap service)
    {
        var image = ReadImage(name, service);
        ServiceRules.Check(service, name, remarks, Refusals);
        var (networkOf, none) = Refusals.Try(() => NetworkMode(service, name));
        var from = Refusals.Try(() => mounts.From(service, name)) ?? [];
        return image with
        {
            Entrypoint = Refusals.Try(() => Strings(service["entrypoint"], name, "entrypoint")),
            Command = Refusals.Try(() => Strings(service["command"], name, "command")),
            Environment = Refusals.Try(() => Environment(service, name)) ?? [],
            User = Refusals.Try(() => Text(service, "user")),
            WorkingFolder = Refusals.Try(() => Folder(service, name)),
            HostName = Refusals.Try(() => Matching(service, "hostname", HostNames.Grammar(), "name of a host")),
            StopSignal = Refusals.Try(() => Matching(service, "stop_signal", SignalGrammar(), "signal")),
            Terminal = Refusals.Try(() => Flag(service, name, "tty")),
            Input = Refusals.Try(() => Flag(service, name, "stdin_open")),
            Init = Refusals.Try(() => Flag(service, name, "init")),
            ReadOnly = Refusals.Try(() => Flag(service, name, "read_only")),
            SharedMemory = Refusals.Try(() => Text(service, "shm_size") is { } size ? Bytes(size, service["shm_size"]!) : (long?)null),
            DroppedCapabilities = Refusals.Try<List<string>>(
                () =>
                [
                    .. MountReader.Items(service["cap_drop"], $"services.{name}.cap_drop")
                        .Select(node => Matching(ComposeFiles.TextOf(node), SignalGrammar(), node, "capability")),
                ]) ?? [],
            Debugging = Refusals.Try(() => Debugging(service, name)),
            ResourceLimits = Refusals.Try(() => Limits(service, name)) ?? [],
            HealthCheck = Refusals.Try(() => HealthCheck(service["healthcheck"], name)),
            Aliases = Refusals.Try(() => Aliases(service, name)) ?? [],
            Links = Refusals.Try(() => Links(service, name)) ?? [],
            NetworkOf = networkOf,
            NoNetwork = none,
            Needs = Refusals.Try(() => Needs(service, name, networkOf, from)) ?? [],
            Mounts = mounts.Read(service, name),
            MountsFrom = from,
        };
    }

    private Refusals Refusals => checkout.Refusals;

    private ImageReference Image(ComposeMap service, string name)
    {
        var node = service["image"] ?? throw service.Fault($"services.{name} has no image and nothing to build");
        if (!ImageReference.TryParse(ComposeFiles.TextOf(node), checkout.Defaults.Registry, out var image, out var fault))
        {
            throw node.Fault($"services.{name}.image: {fault}");
        }

        uses.Add(new ImageUse(image, $"services.{name}.image", node.File, node.Line));
        return image;
    }

    private static List<string>? Strings(ComposeNode? node, string name, string key) => node switch
    {
        null => null,
        ComposeText text => ShellWords.Split(text.Value) ?? throw text.Fault($"services.{name}.{key}: a quote is not closed"),
        ComposeList list => [.. list.Items.Select(ComposeFiles.TextOf)],
        _ => throw node.Fault($"services.{name}.{key} is a text or a list"),
    };

    /// <summary>
    /// Reads the variables, first those of files, then those of the service itself. A name without a value would take it from the server's
    /// environment, and is left out.
    /// </summary>
    private Dictionary<string, string> Environment(ComposeMap service, string name)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (var node in MountReader.Items(service["env_file"], $"services.{name}.env_file"))
        {
            var map = node as ComposeMap;
            var text = ComposeFiles.TextOf(map is null ? node : map["path"] ?? throw map.Fault($"services.{name}.env_file: it has a path"));
            var path = checkout.Locate(files.FolderOf(node), text, $"{node.File}:{node.Line}: services.{name}.env_file");
            if (checkout.KindOf(path) == FileKind.Missing)
            {
                if (map?["required"] is not ComposeText { AsBoolean: false })
                {
                    remarks.Add(
                        $"{node.File}:{node.Line}: services.{name}.env_file: the repository has no {path}, so the service starts without "
                            + "its variables, and nothing runs before the start that could write it; commit it with values for "
                            + "development, or set environment");
                }

                continue;
            }

            foreach (var (variable, value) in files.ReadEnvironment(path, $"services.{name}.env_file", node))
            {
                values[variable] = value;
            }
        }

        foreach (var (variable, node) in (service["environment"] as ComposeMap)?.Entries ?? new Dictionary<string, ComposeNode>())
        {
            Matching(variable, VariableGrammar(), node, "name of a variable");
            if (node is ComposeText { IsNull: true })
            {
                remarks.Add(
                    $"{node.File}:{node.Line}: services.{name}.environment.{variable} has no value: there is no environment to take one "
                        + "from");
            }
            else
            {
                values[variable] = ComposeFiles.TextOf(node);
            }
        }

        return values;
    }

    private static string? Folder(ComposeMap service, string name)
    {
        if (Text(service, "working_dir") is not { } folder)
        {
            return null;
        }

        var node = service["working_dir"]!;
        return !folder.StartsWith('/') || !ContainerPath.TryParse(folder, out var path)
            ? throw node.Fault($"services.{name}.working_dir is an absolute path")
            : path.IsKernels ? throw node.Fault($"services.{name}.working_dir: processes do not start in {folder}")
            : path.Text;
    }

    private (string? Of, bool None) NetworkMode(ComposeMap service, string name)
    {
        switch (service["network_mode"])
        {
            case null or ComposeText { Value: "bridge" or "default" }:
                return (null, false);
            case ComposeText { Value: "none" }:
                return (null, true);
            case ComposeText text when text.Value.StartsWith("service:", StringComparison.Ordinal):
                return (text.Value["service:".Length..], false);
            case var other:
                remarks.Add(
                    $"{other.File}:{other.Line}: services.{name}.network_mode is ignored: foreign networks and the host's are not allowed; "
                        + "the service has the codespace's network, and service:NAME shares another service's");
                return (null, false);
        }
    }

    private List<string> Aliases(ComposeMap service, string name)
    {
        List<string> aliases = [];
        foreach (var (network, node) in (service["networks"] as ComposeMap)?.Entries ?? new Dictionary<string, ComposeNode>())
        {
            CheckNetwork(network, node, name);
            if (node is ComposeMap about)
            {
                aliases.AddRange(
                    MountReader.Items(about["aliases"], "aliases")
                        .Select(alias => Matching(ComposeFiles.TextOf(alias), HostNames.Grammar(), alias, "name of a host")));
                foreach (var (key, value) in about.Entries.Where(entry => entry.Key != "aliases" && !entry.Value.IsUnset))
                {
                    remarks.Add(
                        $"{value.File}:{value.Line}: services.{name}.networks.{network}.{key} is ignored: a codespace has one network, "
                            + "which chooses addresses");
                }
            }
        }

        if (service["container_name"] is ComposeText container && HostNames.Grammar().IsMatch(container.Value))
        {
            aliases.Add(container.Value);
        }

        return aliases;
    }

    private static List<(string Service, string Alias)> Links(ComposeMap service, string name) =>
    [
        .. MountReader.Items(service["links"], $"services.{name}.links").Select(
            link => (Node: link, Parts: ComposeFiles.TextOf(link).Split(':', 2))).Where(
            link => link.Parts.Length == 2)
            .Select(link => (link.Parts[0], Matching(link.Parts[1], HostNames.Grammar(), link.Node, "name of a host"))),
    ];

    private void CheckNetwork(string network, ComposeNode node, string name)
    {
        if (project["networks"] is not ComposeMap networks || !networks.Entries.TryGetValue(network, out var declared))
        {
            if (network != "default")
            {
                throw node.Fault($"services.{name}.networks: there is no network {network}; declare it below networks");
            }
        }
        else if (declared is ComposeMap about)
        {
            if (about["external"] is { IsUnset: false } external)
            {
                LeaveOut(external, "external", "networks from outside the codespace are not joined");
            }

            if (about["driver"] is ComposeText { Value: not ("bridge" or "default" or "overlay") } driver)
            {
                LeaveOut(driver, "driver", "a codespace has one network, a bridge of its own");
            }
        }

        void LeaveOut(ComposeNode option, string key, string reason)
        {
            var remark = $"{option.File}:{option.Line}: networks.{network}.{key} is ignored: {reason}";
            if (!remarks.Contains(remark))
            {
                remarks.Add(remark);
            }
        }
    }

    private Dictionary<string, string> Needs(ComposeMap service, string name, string? networkOf, List<MountsFrom> from)
    {
        var services = ((project["services"] as ComposeMap)?.Entries.Keys ?? []).ToHashSet(StringComparer.Ordinal);
        Dictionary<string, string> needs = new(StringComparer.Ordinal);
        foreach (var link in MountReader.Items(service["links"], $"services.{name}.links"))
        {
            needs[ComposeFiles.TextOf(link).Split(':')[0]] = "service_started";
        }

        foreach (var (other, node) in (service["depends_on"] as ComposeMap)?.Entries ?? new Dictionary<string, ComposeNode>())
        {
            var about = node as ComposeMap;
            if (about?["required"] is ComposeText { AsBoolean: false } && !services.Contains(other))
            {
                continue;
            }

            var condition = about?["condition"] is { } wanted ? ComposeFiles.TextOf(wanted) : "service_started";
            needs[other] = condition is "service_started" or "service_healthy" or "service_completed_successfully"
                ? condition : throw node.Fault($"services.{name}.depends_on.{other}: there is no condition {condition}");
        }

        if (networkOf is not null)
        {
            needs.TryAdd(networkOf, "service_started");
        }

        foreach (var source in from)
        {
            needs.TryAdd(source.Service, "service_started");
        }

        return needs;
    }

    private static JsonObject? HealthCheck(ComposeNode? node, string name)
    {
        if (node is null)
        {
            return null;
        }

        var check = node as ComposeMap ?? throw node.Fault($"services.{name}.healthcheck is a mapping");
        if (check["disable"] is ComposeText { AsBoolean: true })
        {
            return new JsonObject { ["Test"] = new JsonArray("NONE") };
        }

        var result = new JsonObject();
        if (check["test"] is { } test)
        {
            result["Test"] = test is ComposeText text ? new JsonArray("CMD-SHELL", text.Value)
                : new JsonArray([.. MountReader.Items(test, "healthcheck.test").Select(item => (JsonNode?)ComposeFiles.TextOf(item))]);
        }

        foreach (var (key, field) in new[] { ("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod") })
        {
            if (check[key] is { } time)
            {
                result[field] = Nanoseconds(ComposeFiles.TextOf(time), time);
            }
        }

        if (check["retries"] is { } retries)
        {
            result["Retries"] = int.TryParse(ComposeFiles.TextOf(retries), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count <= 1000
                ? count : throw retries.Fault($"services.{name}.healthcheck.retries is a number");
        }

        return result;
    }

    private static void Platform(ComposeMap service, string name)
    {
        var own = MachineArchitecture.Name;
        if (service["platform"] is { } node
            && ComposeFiles.TextOf(node) is var platform
            && !MachineArchitecture.IsOwn(platform))
        {
            throw node.Fault($"services.{name}.platform: this server's engine runs linux/{own}, not {platform}");
        }
    }

    private static string? Text(ComposeMap map, string key) =>
        map[key] is { } node ? ComposeFiles.TextOf(node) is { Length: > 0 } text ? text : null : null;

    private static bool Flag(ComposeMap map, string name, string key) => map[key] switch
    {
        null => false,
        ComposeText { AsBoolean: { } value } => value,
        var other => throw other.Fault($"services.{name}: {key} is true or false"),
    };

    private static string? Matching(ComposeMap service, string key, Regex grammar, string what) =>
        Text(service, key) is { } text ? Matching(text, grammar, service[key]!, what) : null;

    private static string Matching(string text, Regex grammar, ComposeNode node, string what) =>
        grammar.IsMatch(text) ? text : throw node.Fault($"'{text}' is no {what}");

    /// <summary>Reads a time such as <c>1m30s</c>.</summary>
    private static long Nanoseconds(string text, ComposeNode node)
    {
        var match = TimeGrammar().Match(text);
        if (text.Length is 0 or > 30 || !match.Success)
        {
            throw node.Fault($"'{text}' is no time such as 1m30s");
        }

        double Part(string name, double seconds) =>
            match.Groups[name].Success ? double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) * seconds : 0;
        return (long)(Math.Min(Part("h", 3600) + Part("m", 60) + Part("s", 1) + Part("ms", 0.001), 86_400) * 1_000_000_000);
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex NameGrammar();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.-]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex VariableGrammar();

    [GeneratedRegex(@"^[A-Za-z0-9_+]{1,40}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SignalGrammar();

    [GeneratedRegex(
        @"^((?<h>[0-9]+(\.[0-9]+)?)h)?((?<m>[0-9]+(\.[0-9]+)?)m)?((?<s>[0-9]+(\.[0-9]+)?)s)?((?<ms>[0-9]+)ms)?\z",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TimeGrammar();
}
