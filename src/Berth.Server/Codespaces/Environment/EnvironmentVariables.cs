using Berth.Server.Http;

namespace Berth.Server.Codespaces.Environment;

/// <summary>
/// The environment of every process that Berth starts in a codespace: the visible secrets, and the variables that GitHub sets. It is never
/// part of the container's configuration, so neither <c>docker inspect</c> nor an image shows it.
/// </summary>
/// <param name="Report">One line for each secret that is not exported, with the reason.</param>
internal sealed partial record EnvironmentVariables(IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Report)
{
    /// <summary>Where Berth's files are in the container: a tmpfs that only this codespace has.</summary>
    public const string Folder = "/run/berth";

    /// <summary>The SSH server that Berth brings. It is below Berth's own folder, so that it covers nothing of an image.</summary>
    public const string SshServer = Folder + "/ssh-server";

    /// <summary>The files of a running SSH server.</summary>
    public const string Ssh = Folder + "/ssh";

    /// <summary>
    /// Linux takes 128 KiB for one variable, and for all variables and arguments together a quarter of the stack's limit, which is usually
    /// 8 MiB (execve(2)).
    /// </summary>
    private const int MostBytes = 1024 * 1024;

    private static readonly string[] Kept =
    [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "HOSTNAME", "TERM", "IFS", "ENV", "BASH_ENV", "LD_PRELOAD",
        "LD_LIBRARY_PATH", "LD_AUDIT",
    ];

    /// <param name="repository"><c>owner/name</c>.</param>
    public static EnvironmentVariables Of(
        string codespace, string repository, string login, string token, IReadOnlyDictionary<string, string> secrets,
        bool exportRegistries,
        AddressOptions address, OutgoingOptions outgoing)
    {
        var own = Own(codespace, repository, login, token, address, outgoing);
        List<string> report = [];
        SortedDictionary<string, string> variables = new(StringComparer.Ordinal);
        var bytes = 0L;
        var withheld = 0;
        foreach (var (name, value) in secrets)
        {
            if (!exportRegistries && RegistrySecretName().IsMatch(name))
            {
                withheld++;
            }
            else if (Refusal(name, value, own, bytes) is { } refusal)
            {
                report.Add($"the secret {name} is not exported: {refusal}");
            }
            else
            {
                bytes += Size(name, value);
                variables[name] = value;
            }
        }

        if (withheld > 0)
        {
            report.Add($"{withheld} secrets of registries are used for pulling and not exported: the organization's policy says so");
        }

        foreach (var (name, value) in own)
        {
            variables.TryAdd(name, value);
        }

        return new EnvironmentVariables(variables, report);
    }

    private static Dictionary<string, string> Own(
        string codespace, string repository, string login, string token, AddressOptions address, OutgoingOptions outgoing)
    {
        var url = address.BaseUri.GetLeftPart(UriPartial.Authority);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["CODESPACES"] = "true",
            ["CODESPACE_NAME"] = codespace,
            ["GITHUB_TOKEN"] = token,
            ["GITHUB_USER"] = login,
            ["GITHUB_REPOSITORY"] = repository,
            ["GITHUB_SERVER_URL"] = url,
            ["GITHUB_API_URL"] = url + "/api/v3",
            ["GITHUB_GRAPHQL_URL"] = url + "/api/graphql",
            ["BERTH_URL"] = url,
            ["BERTH_TOKEN"] = token,
            ["DOCKER_CONFIG"] = Folder + "/docker",
            ["REGISTRY_AUTH_FILE"] = Folder + "/docker/config.json",
            ["NPM_CONFIG_GLOBALCONFIG"] = NpmInside.File,
        };
        if (address.PortsHost is { } domain)
        {
            variables["GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN"] = domain;
        }

        if (!string.IsNullOrEmpty(outgoing.CaFile))
        {
            variables[
                "NODE_EXTRA_CA_CERTS"] = variables[
                    "SSL_CERT_FILE"] = variables["GIT_SSL_CAINFO"] = variables["REQUESTS_CA_BUNDLE"] = Folder + "/ca.pem";
        }

        return variables;
    }

    /// <summary>Says why a secret is not exported. Null when it can be.</summary>
    private static string? Refusal(string name, string value, Dictionary<string, string> own, long bytes) => name switch
    {
        // A person may work with a token of their own.
        "BERTH_TOKEN" => null,
        _ when own.ContainsKey(name) || name.StartsWith("GITHUB_", StringComparison.Ordinal) => "Berth sets a variable of this name itself",
        _ when Kept.Contains(name) => "processes need a variable of this name to start and to find their files",
        _ when value.Contains('\0', StringComparison.Ordinal) => "a variable cannot hold a NUL",
        _ when bytes + Size(name, value) > MostBytes => "the secrets before it fill what Linux allows for an environment (1 MiB)",
        _ => null,
    };

    private static int Size(string name, string value) =>
        System.Text.Encoding.UTF8.GetByteCount(name) + System.Text.Encoding.UTF8.GetByteCount(value) + 2;

    [System.Text.RegularExpressions.GeneratedRegex(
        "_CONTAINER_REGISTRY_(SERVER|USER|PASSWORD|ROLE_ARN|EXTERNAL_ID)$",
        System.Text.RegularExpressions.RegexOptions.ExplicitCapture | System.Text.RegularExpressions.RegexOptions.NonBacktracking)]
    private static partial System.Text.RegularExpressions.Regex RegistrySecretName();
}
