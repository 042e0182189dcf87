namespace Berth.Server.Api.Description;

/// <summary>Describes the parameters of paths. A name has one meaning, or one for each word before it.</summary>
internal static class PathParameters
{
    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["org"] = "The login of an organization.",
        ["username"] = "The login of a user.",
        ["login"] = "The login of a user.",
        ["owner"] = "The login of the repository's owner.",
        ["repo"] = "The name of a repository.",
        ["repository_id"] = "The id of a repository.",
        ["team_slug"] = "The slug of a team.",
        ["type"] = "The type of a package: `container` or `npm`.",
        ["packages/{type}/name"] = "The name of a package, with every slash as `%2F`.",
        ["versions/version_id"] = "The id of a version.",
        ["tags/tag"] = "A tag.",
        ["push-rules/rule_id"] = "The id of a rule.",
        ["runs/run_id"] = "The id of a run.",
        ["codespaces/name"] = "The name of a codespace.",
        ["exports/export_id"] = "The id of an export, or `latest`.",
        ["ports/port"] = "A port, from 1 to 65535.",
        ["prebuilds/prebuild_id"] = "The id of a prebuild.",
        ["prebuild-configurations/configuration_id"] = "The id of a configuration.",
        ["secrets/secret"] = "The name of a secret.",
        ["repositories/id"] = "The id of a repository.",
        ["tokens/id"] = "The id of a token.",
        ["trusts/trust_id"] = "The id of a trust.",
        ["hooks/hook_id"] = "The id of a hook.",
        ["deliveries/delivery_id"] = "The id of a delivery.",
    };

    /// <param name="before">The segments of the path before it, written with braces.</param>
    public static string Describe(string name, IReadOnlyList<string> before, bool byIds) => byIds && name is ("org" or "team_slug")
        ? name == "org" ? "The id of an organization." : "The id of a team."
        : Words.GetValueOrDefault(name)
            ?? Words.GetValueOrDefault($"{before[^1]}/{name}")
            ?? (before.Count > 1 ? Words.GetValueOrDefault($"{before[^2]}/{before[^1]}/{name}") : null)
            ?? throw new InvalidOperationException($"nothing says what {name} is after {string.Join('/', before)}");
}
