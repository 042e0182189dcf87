using System.Globalization;
using Berth.Server.Registries.Remote;

namespace Berth.Server.Registries;

/// <summary>The sets that count for one codespace or check, and the report on all the others.</summary>
internal sealed record ResolvedLogins(IReadOnlyList<LoginSecrets> Counting, IReadOnlyList<LoginReport> Report)
{
    /// <summary>
    /// The set for an image: among those for its host, the one with the longest matching path. Null: no set is for that registry.
    /// </summary>
    public LoginSecrets? ForImage(RemoteImage image) =>
        Counting.Where(set => set.Server.Covers(image.Host, image.Path)).MaxBy(set => set.Server.PathSegments);
}

/// <summary>
/// Makes registry logins from secrets: <c>PREFIX_CONTAINER_REGISTRY_SERVER</c>, <c>_USER</c> and <c>_PASSWORD</c> with one prefix at one
/// level. The result depends only on the input, so that every consumer gets the same sets.
/// </summary>
internal static class ResolveLogins
{
    private static readonly string[] Required = ["SERVER", "USER", "PASSWORD"];
    private static readonly SecretLevel[] Levels = Enum.GetValues<SecretLevel>();
    private static readonly string[] Parts = [.. Required, "ROLE_ARN", "EXTERNAL_ID"];

    /// <summary>The prefix of a secret that belongs to a registry's login. Null for other secrets.</summary>
    public static string? PrefixOf(string name) => Split(name)?.Prefix;

    public static ResolvedLogins From(IEnumerable<RegistrySecret> secrets)
    {
        var report = new List<LoginReport>();
        var candidates = new List<LoginSecrets>();
        var byPrefix = secrets
            .Select(secret => (Secret: secret, Name: Split(secret.Name)))
            .Where(found => found.Name is not null)
            .GroupBy(found => found.Name!.Value.Prefix, found => new Part(found.Name!.Value.Part, found.Secret), StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (var prefix in byPrefix)
        {
            if (OfPrefix(prefix.Key, prefix.ToList(), report) is { } set)
            {
                candidates.Add(set);
            }
        }

        return new ResolvedLogins(Winners(candidates, report), report);
    }

    /// <summary>Finds the most specific level with a complete set. Parts from different levels are never combined.</summary>
    private static LoginSecrets? OfPrefix(string prefix, List<Part> parts, List<LoginReport> report)
    {
        LoginSecrets? winner = null;
        var incomplete = new List<(SecretLevel Level, string[] Missing)>();
        foreach (var level in Levels)
        {
            var here = parts.FindAll(part => part.Secret.Level == level);
            if (here.Count == 0)
            {
                continue;
            }

            var visible = here.FindAll(part => part.Secret.Reach == SecretReach.Visible);
            var missing = Array.FindAll(Required, name => visible.TrueForAll(part => part.Name != name));
            if (missing.Length > 0)
            {
                if (!ReportHidden(prefix, level, here, report))
                {
                    incomplete.Add((level, missing));
                }
            }
            else if (winner is not null)
            {
                report.Add(
                    new LoginReport(
                        prefix, level, LoginOutcome.Loses,
                        $"{prefix} at {level.ToText()} level is not used: {winner.Level.ToText()} level has a complete set of the same "
                            + "prefix",
                        ServerOf(visible)));
            }
            else
            {
                winner = Build(prefix, level, visible, report);
            }
        }

        if (incomplete.Count > 0)
        {
            ReportIncomplete(prefix, parts, incomplete, report);
        }

        return winner;
    }

    /// <summary>Reports the true reason for a set that would be complete if all of it reached this codespace.</summary>
    private static bool ReportHidden(string prefix, SecretLevel level, List<Part> here, List<LoginReport> report)
    {
        if (!Array.TrueForAll(Required, name => here.Exists(part => part.Name == name)))
        {
            return false;
        }

        var withheld = here.Exists(part => part.Secret.Reach == SecretReach.Withheld);
        report.Add(withheld
            ? new LoginReport(
                prefix, level, LoginOutcome.Withheld,
                $"{prefix} at {level.ToText()} level is withheld: the codespace's creator cannot write to the repository")
            : new LoginReport(
                prefix, level, LoginOutcome.Unassigned,
                $"{prefix} at {level.ToText()} level is complete but not assigned to this repository: {Unassigned(here)}",
                ServerOf(here.Where(part => part.Secret.Reach == SecretReach.Visible))));
        return true;
    }

    private static string Unassigned(List<Part> here) =>
        string.Join(
            ", ",
            here.Where(part => part.Secret.Reach == SecretReach.Unassigned).Select(part => part.Secret.Name).Order(StringComparer.Ordinal))
        + " must include it";

    private static void ReportIncomplete(
        string prefix, List<Part> parts, List<(SecretLevel Level, string[] Missing)> incomplete, List<LoginReport> report)
    {
        var visible = parts.Where(part => part.Secret.Reach == SecretReach.Visible).ToList();
        var mixed = incomplete.Count > 1 && Array.TrueForAll(Required, name => visible.Exists(part => part.Name == name));
        foreach (var (level, missing) in incomplete)
        {
            var server = ServerOf(visible.Where(part => part.Secret.Level == level));
            bool IsUnassigned(string name) =>
                parts.Exists(part => part.Name == name && part.Secret.Level == level && part.Secret.Reach == SecretReach.Unassigned);
            var names = string.Join(
                " and ",
                missing.Select(
                    name => $"{prefix}_CONTAINER_REGISTRY_{name}{(IsUnassigned(name) ? " (not assigned to this repository)" : "")}"));
            report.Add(mixed
                ? new LoginReport(
                    prefix, level, LoginOutcome.Mixed,
                    $"{prefix} has its parts at different levels; at {level.ToText()} level {names} missing, and a set is never completed "
                        + "from another level",
                    server)
                : new LoginReport(
                    prefix, level, LoginOutcome.Incomplete, $"{prefix} at {level.ToText()} level is incomplete: {names} missing", server));
        }
    }

    private static LoginSecrets? Build(string prefix, SecretLevel level, List<Part> parts, List<LoginReport> report)
    {
        string Value(string name)
        {
            var part = parts.Find(p => p.Name == name)!;
            var clean = CopiedText.Clean(part.Secret.Value);
            if (clean != part.Secret.Value)
            {
                report.Add(
                    new LoginReport(
                        prefix, level, LoginOutcome.Counts, $"{part.Secret.Name}: white space or quotes around the value were removed"));
            }

            return clean;
        }

        LoginReport Invalid(string name, string fault) =>
            new(
                prefix, level, LoginOutcome.Invalid,
                $"{prefix} at {level.ToText()} level is not used: {prefix}_CONTAINER_REGISTRY_{name}: {fault}", ServerOf(parts));

        var (server, user, password) = (Value("SERVER"), Value("USER"), Value("PASSWORD"));
        if (!RegistryServer.TryParse(server, out var parsed, out var fault))
        {
            report.Add(Invalid("SERVER", fault!));
            return null;
        }

        if (user.Length == 0 || password.Length == 0 || user.Contains(':', StringComparison.Ordinal))
        {
            // RFC 7617 section 2: a user name in Basic contains no colon.
            report.Add(
                user.Contains(':', StringComparison.Ordinal)
                    ? Invalid("USER", "a user name has no colon")
                    : Invalid(user.Length == 0 ? "USER" : "PASSWORD", "it is empty"));
            return null;
        }

        string? Optional(string name) => parts.Exists(p => p.Name == name) ? Value(name) : null;
        return new LoginSecrets
        {
            Prefix = prefix,
            Level = level,
            Server = parsed,
            User = user,
            Password = password,
            RoleArn = Optional("ROLE_ARN"),
            ExternalId = Optional("EXTERNAL_ID"),
            Version = string.Join(
                '.',
                parts.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => p.Secret.Version.ToString(CultureInfo.InvariantCulture))),
        };
    }

    /// <summary>For each server and path, the more specific level counts, then the alphabetically first prefix.</summary>
    private static List<LoginSecrets> Winners(List<LoginSecrets> candidates, List<LoginReport> report)
    {
        var winners = new List<LoginSecrets>();
        foreach (var same in candidates.GroupBy(set => set.Server))
        {
            var ordered = same.OrderBy(set => set.Level).ThenBy(set => set.Prefix, StringComparer.Ordinal).ToList();
            winners.Add(ordered[0]);
            report.Add(
                new LoginReport(
                    ordered[0].Prefix, ordered[0].Level, LoginOutcome.Counts, $"{ordered[0].Server}: {ordered[0].Name}", same.Key));
            report.AddRange(
                ExchangeLogin.Advice(ordered[0])
                    .Select(line => new LoginReport(ordered[0].Prefix, ordered[0].Level, LoginOutcome.Counts, line, same.Key)));
            report.AddRange(ordered.Skip(1).Select(loser => new LoginReport(
                loser.Prefix, loser.Level, LoginOutcome.Loses,
                $"{loser.Server}: {loser.Name} is not used: {ordered[0].Name} comes first", same.Key)));
        }

        return winners;
    }

    private static RegistryServer? ServerOf(IEnumerable<Part> parts) =>
        parts.FirstOrDefault(part => part.Name == "SERVER") is { } server
            && RegistryServer.TryParse(CopiedText.Clean(server.Secret.Value), out var parsed, out _)
            ? parsed
            : null;

    private sealed record Part(string Name, RegistrySecret Secret);

    /// <summary>
    /// Splits a name into prefix and part, in capitals. Null for a secret that belongs to no login. Letter case does not matter in names of
    /// secrets.
    /// </summary>
    private static (string Prefix, string Part)? Split(string name)
    {
        const string Middle = "_CONTAINER_REGISTRY_";
        var at = name.LastIndexOf(Middle, StringComparison.OrdinalIgnoreCase);
        return at > 0
            && Array.Find(Parts, part => name.AsSpan(at + Middle.Length).Equals(part, StringComparison.OrdinalIgnoreCase)) is { } part
            ? (name[..at].ToUpperInvariant(), part)
            : null;
    }
}
