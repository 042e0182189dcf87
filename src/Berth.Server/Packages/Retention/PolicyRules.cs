using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api.Bodies;

namespace Berth.Server.Packages.Retention;

/// <summary>The rules for a policy beyond the types of its fields.</summary>
internal static class PolicyRules
{
    private const string Pattern = "must be patterns of letters, digits, _, ., - and *, of at most 128 characters";

    public static void Check(RetentionPolicy policy, BodyFaults faults)
    {
        if (policy.KeepTags is { } keep && !keep.All(TagPattern.IsPattern))
        {
            faults.Add("keep_tags", $"keep_tags {Pattern}");
        }

        for (var i = 0; i < (policy.Rules?.Count ?? 0); i++)
        {
            Check(policy.Rules![i], $"rules[{i}]", faults);
        }
    }

    private static void Check(RetentionRule rule, string field, BodyFaults faults)
    {
        var said = (rule.Tags is null ? 0 : 1) + (rule.Untagged is true ? 1 : 0) + (rule.ExpiresWith is null ? 0 : 1)
            + (rule.Versions is null ? 0 : 1);
        if (said != 1 || rule is { Tags.Count: 0 } or { ExpiresWith.Count: 0 } or { Versions.Count: 0 })
        {
            faults.Add(field, $"{field} must say one of tags (a list), untagged (true), expires_with (a list) and versions (a list)");
        }

        if (rule.Versions is { } versions && !versions.All(TagPattern.IsPattern))
        {
            faults.Add($"{field}.versions", $"{field}.versions {Pattern}");
        }

        if (rule.Tags is { } tags && !tags.All(TagPattern.IsPattern))
        {
            faults.Add($"{field}.tags", $"{field}.tags {Pattern}");
        }

        if (rule.ExpiresWith is { } refs && !refs.All(FollowedRef.IsPattern))
        {
            faults.Add(
                $"{field}.expires_with", $"{field}.expires_with {Pattern}, each with one of {{branch}}, {{tag}} and {{pr}} in it");
        }

        if (rule is { KeepNewest: null, OlderThanDays: null, NotPulledForDays: null } and ({ Tags: not null } or { Versions: not null }))
        {
            var such = rule.Tags is null ? "such a number" : "such tags";
            faults.Add(
                field,
                $"{field} would remove every version with {such} at once; say keep_newest, older_than_days or not_pulled_for_days");
        }
    }
}
