namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>What a process in a dev container sees, as lines <c>KEY: VALUE</c>.</summary>
internal sealed record Facts(IReadOnlyList<(string Key, string Value)> Lines)
{
    /// <summary>Berth's own variables, and those about which no two shells agree.</summary>
    private static readonly string[] OtherVariables =
    [
        "BERTH_", "GITHUB_", "CODESPACE", "GIT_", "HOSTNAME=", "SHLVL=", "_=", "PWD=", "OLDPWD=", "TERM=", "DOCKER_CONFIG=",
        "REGISTRY_AUTH_FILE=", "NPM_CONFIG_GLOBALCONFIG=", "DOCKER_HOST=", "CLOUDENV_",
    ];

    /// <summary>The questions to every configuration, for any shell. Further lines of the output are facts without a key.</summary>
    public const string Script =
        """
        echo "user: $(id -un) $(id -u):$(id -g)"
        echo "folder: $PWD"
        find . -type f ! -path './.git/*' -exec sha1sum {} + | sort -k 2 | sed 's/^/file: /'
        [ ! -f /tmp/order ] || echo "order: $(tr '\n' '|' < /tmp/order)"
        [ ! -d /marks ] || find /marks -type f | sort | while read -r f; do echo "marks: $f $(head -n 20 "$f" | tr '\n' ' ')"; done
        awk '{ print $2, ($3 == "tmpfs" ? "memory" : "disk"), substr($4, 1, 2) }' /proc/mounts | sort -u \
          | grep -vE '^(/|/proc|/sys|/dev)(/.*)? |^/etc/(hosts|hostname|resolv.conf) |^/run/berth|^/sbin/docker-init |^/$' | sed 's/^/mount: /'
        env | grep -E '^[A-Za-z_][A-Za-z0-9_]*=' | sort | sed 's/^/env: /'
        [ ! -f /tmp/lifecycle ] || grep -E '^[A-Za-z_][A-Za-z0-9_]*=' /tmp/lifecycle | sort | sed 's/^/lifecycle: /'

        """;

    public static Facts Parse(string output) => new(
    [
        .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(": ", 2))
            .Select(parts => parts.Length == 2 ? (parts[0], parts[1].TrimEnd()) : ("", parts[0]))
            .Where(fact => fact.Item1 is not ("env" or "lifecycle") || !OtherVariables.Any(
                name => fact.Item2.StartsWith(name, StringComparison.Ordinal))),
    ]);

    /// <summary>The lines that only one of the two has.</summary>
    /// <param name="exceptions">Keys that differ on purpose.</param>
    public IReadOnlyList<string> DifferencesFrom(Facts expected, IEnumerable<string> exceptions)
    {
        var compared = expected.Lines.Any(fact => fact.Key == "user")
            ? Lines
            : [.. Lines.Where(fact => expected.Lines.Any(other => other.Key == fact.Key))];
        return
        [
            .. expected.Lines.Except(compared).Where(fact => !exceptions.Contains(fact.Key))
                .Select(fact => $"only by hand: {fact.Key}: {fact.Value}"),
            .. compared.Except(expected.Lines).Where(fact => !exceptions.Contains(fact.Key))
                .Select(fact => $"only here: {fact.Key}: {fact.Value}"),
        ];
    }
}
