using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Server.Codespaces.Isolation;
using Berth.Server.Faults;

namespace Berth.Server.Codespaces.Devcontainers;

/// <summary>
/// Reads <c>runArgs</c>, the arguments of <c>docker run</c>. Arguments that only affect the codespace are honoured. Every other one is left
/// out, with a line that names it and says what works instead.
/// </summary>
/// <param name="passed">The honoured properties of devcontainer.json. An argument that means the same as a property is added there.</param>
internal sealed partial class RunArgumentReader(
    DevcontainerFile file, JsonObject passed, ConfigurationMounts mounts, List<string> ignored)
{
    private const long LeastMemory = 64L << 20;
    private const long MaxFile = 256 * 1024;

    private readonly List<string> _dropped = [];
    private readonly List<ResourceLimit> _limits = [];
    private readonly List<string> _loopback = [];
    private readonly List<string> _aliases = [];
    private readonly Dictionary<string, string> _labels = new(StringComparer.Ordinal);
    private RunArguments _result = new();

    public RunArguments Read(JsonNode? arguments)
    {
        var words = new Queue<string>(
            (arguments as JsonArray ?? []).Select(word => DevcontainerConfiguration.TextOf(word) ?? "").Where(word => word.Length > 0));
        while (words.TryDequeue(out var word))
        {
            var (name, value) = Parted(word, words);
            if (name is null)
            {
                LeaveOut(word, "it is no argument of docker run");
            }
            else if (!Honour(name, value))
            {
                LeaveOut(
                    value.Length == 0 || RunFlags.IsSwitch(name) ? name : $"{name}={ConfigurationMounts.Short(value)}",
                    RunFlags.Reasons.GetValueOrDefault(name, "codespaces do not know it"));
            }
        }

        return _result with
        {
            DroppedCapabilities = _dropped,
            ResourceLimits = [.. _limits.GroupBy(limit => limit.Name).Select(same => same.Last())],
            LoopbackNames = _loopback,
            Aliases = _aliases,
            Labels = _labels,
        };
    }

    /// <summary>
    /// Splits an argument into its long name and its value. The forms are <c>--name=value</c>, <c>--name value</c>, <c>-n value</c> and
    /// <c>-nvalue</c>.
    /// </summary>
    private static (string? Name, string Value) Parted(string word, Queue<string> words)
    {
        if (word.StartsWith("--", StringComparison.Ordinal))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var name = RunFlags.NameOf(equals < 0 ? word : word[..equals]);
            return equals >= 0 ? (name, word[(equals + 1)..]) : (name, RunFlags.IsSwitch(name) ? "true" : Next());
        }

        if (word.Length < 2 || word[0] != '-')
        {
            return (null, "");
        }

        var full = RunFlags.NameOf(word[..2]);
        return RunFlags.IsSwitch(full) ? (full, "true")
            : word.Length > 2 ? (full, word[2..].TrimStart('='))
            : (full, Next());

        string Next() => words.TryPeek(out var next) && !next.StartsWith('-') ? words.Dequeue() : "";
    }

    /// <returns>False when it is left out.</returns>
    private bool Honour(string name, string value)
    {
        switch (name)
        {
            case "--init":
                passed["init"] = value != "false";
                return true;
            case "--privileged" when value != "false":
                mounts.AddDocker();
                return false;
            case "--privileged" or "--publish-all" or "--oom-kill-disable":
                return value == "false";
            case "--read-only":
                _result = _result with { ReadOnly = value != "false" };
                return true;
            case "--user" when value.Length > 0:
                passed["containerUser"] = value;
                return true;
            case "--env":
                return Variable(value);
            case "--env-file":
                return Variables(value);
            case "--name" or "--network-alias" or "--net-alias" when HostNames.Grammar().IsMatch(value):
                _aliases.Add(value);
                return true;
            case "--hostname" when HostNames.Grammar().IsMatch(value):
                _result = _result with { HostName = value };
                return true;
            case "--workdir" when value.StartsWith('/') && ContainerPath.TryParse(value, out var path) && !path.IsKernels:
                _result = _result with { WorkingFolder = path.Text };
                return true;
            case "--shm-size" when ByteSizes.TryParse(value, out var bytes) && bytes > 0:
                _result = _result with { SharedMemory = bytes };
                return true;
            case "--memory" when ByteSizes.TryParse(value, out var bytes) && bytes >= LeastMemory:
                _result = _result with { Memory = bytes };
                return true;
            case "--cpus" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus)
                && cpus >= 0.01:
                _result = _result with { Cpus = cpus };
                return true;
            case "--ulimit":
                var parts = value.Split('=', 2);
                return parts.Length == 2 && ResourceLimits.Of(parts[0], parts[1]) is { } limit && Added(_limits, limit);
            case "--tmpfs":
                mounts.AddMemory(value);
                return true;
            case "--volume":
                mounts.AddVolume(value);
                return true;
            case "--mount":
                mounts.AddMount(value);
                return true;
            case "--add-host" when Loopback().Match(value) is { Success: true } match:
                return Added(_loopback, match.Groups["name"].Value);
            case "--label":
                return Label(value);
            case "--cap-add" when Capabilities.IsGiven(value):
                passed["capAdd"] = new JsonArray([.. (passed["capAdd"] as JsonArray ?? []).Select(item => item?.DeepClone()), value]);
                return true;
            case "--cap-drop" when CapabilityGrammar().IsMatch(value):
                return Added(_dropped, value);
            case "--network" when value is "bridge" or "default":
            case "--platform" when MachineArchitecture.IsOwn(value):
            case "--ipc" or "--cgroupns" when value == "private":
                return true;
            default:
                return RunFlags.WithoutEffect.Contains(name);
        }
    }

    private static bool Added<T>(List<T> list, T item)
    {
        list.Add(item);
        return true;
    }

    /// <summary>
    /// Reads a variable. A name without a value is refused, since docker would take the value from the server's environment.
    /// </summary>
    private bool Variable(string text)
    {
        var parts = text.Split('=', 2);
        if (parts.Length < 2 || !VariableName.IsOne(parts[0]))
        {
            return false;
        }

        Set(parts[0], parts[1]);
        return true;
    }

    private bool Variables(string path)
    {
        try
        {
            var found = file.Checkout.Locate("", WorkspacePlace.Within(mounts.Workspace, path), "runArgs: --env-file");
            foreach (var line in file.Checkout.ReadText(found, MaxFile, "runArgs: --env-file").Split('\n').Select(line => line.Trim()))
            {
                if (line.Length > 0 && line[0] != '#' && !Variable(line))
                {
                    LeaveOut($"{ConfigurationMounts.Short(line)} in {found}", RunFlags.Reasons["--env"]);
                }
            }
        }
        catch (FaultException fault) when (fault is not LimitException)
        {
            LeaveOut("--env-file " + ConfigurationMounts.Short(path), fault.Message);
        }

        return true;
    }

    private void Set(string name, string value)
    {
        var environment = passed["containerEnv"] as JsonObject ?? [];
        environment[name] = value;
        passed["containerEnv"] = environment;
    }

    /// <summary>
    /// Reads a label. A name with a dot is refused, since such labels control other programs on the host: proxies, updaters, schedulers.
    /// </summary>
    private bool Label(string text)
    {
        var parts = text.Split('=', 2);
        if (!LabelGrammar().IsMatch(parts[0]) || parts[0].StartsWith("caddy", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        _labels[parts[0]] = parts.ElementAtOrDefault(1) ?? "";
        return true;
    }

    private void LeaveOut(string what, string reason) => ignored.Add($"runArgs: {ConfigurationMounts.Short(what)} is left out: {reason}");

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,63}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LabelGrammar();

    [GeneratedRegex(@"^[A-Za-z_]{1,40}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex CapabilityGrammar();

    [GeneratedRegex(
        @"^(?<name>[A-Za-z0-9]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?)[:=](127\.0\.0\.1|\[?::1\]?)\z",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Loopback();
}
