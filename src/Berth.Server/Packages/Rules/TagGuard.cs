using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;
using Berth.Server.Packages.Content;

namespace Berth.Server.Packages.Rules;

/// <summary>
/// Asks the rules about every change of a tag, in the transaction that makes it. Every writer of tags has a guard, so that no change of a
/// tag escapes the rules. What a rule refuses is done only when an administrator overrides it, which is recorded.
/// </summary>
/// <param name="overriding">Null: no administrator overrides the rules.</param>
internal sealed class TagGuard(DbSession session, ChangeActor actor, DateTimeOffset now, TagOverride? overriding)
{
    private readonly Dictionary<long, List<TagRule>> _rules = [];
    private readonly Dictionary<long, (PackageName Package, TagFacts Facts)> _facts = [];

    /// <summary>Call before a tag is put on a version.</summary>
    /// <exception cref="ApiException">403 <c>DENIED</c>: a rule refuses it. The same holds for every method here.</exception>
    public async Task DemandAsync(long packageId, string tag, long versionId)
    {
        if (await CoversAsync(packageId, tag))
        {
            var version = await session.SingleAsync<string>("select name from package_versions where id = @versionId", new { versionId });
            await DecideAsync(packageId, actor.Principal, await TagRuleTable.ChangeAsync(session, packageId, tag, version));
        }
    }

    /// <summary>Call before a tag is removed.</summary>
    public async Task DemandGoneAsync(long packageId, string tag)
    {
        if (await CoversAsync(packageId, tag))
        {
            await GoneAsync(packageId, await TagRuleTable.ChangeAsync(session, packageId, tag, to: null));
        }
    }

    /// <summary>
    /// Call before a version is removed with its tags. What an immutable tag names stays whole: an index with all that it lists.
    /// </summary>
    public async Task DemandGoneAsync(long packageId, VersionRow version)
    {
        if (await RulesAsync(packageId) is { Count: 0 })
        {
            return;
        }

        foreach (var held in await TagRuleTable.HoldingAsync(session, packageId, version.Id))
        {
            if (!await CoversAsync(packageId, held.Tag))
            {
                continue;
            }

            var change = new TagChange(held.Tag, held.Version, To: null);
            await (held.VersionId == version.Id
                ? GoneAsync(packageId, change)
                // The tag itself stays, so only rules that keep its content matter.
                : DecideAsync(packageId, principal: null, change));
        }
    }

    /// <summary>Call before a deleted version is restored with the tags that it had.</summary>
    public async Task DemandBackAsync(long packageId, VersionRow version)
    {
        if (await RulesAsync(packageId) is { Count: > 0 })
        {
            foreach (var tag in await TagRuleTable.DeletedTagsAsync(session, packageId, version.Id))
            {
                await DemandAsync(packageId, tag, version.Id);
            }
        }
    }

    /// <summary>Call before a package is removed with everything that immutable tags name.</summary>
    public async Task DemandGoneAsync(long packageId)
    {
        if ((await RulesAsync(packageId)).Where(rule => rule.Immutable).ToList() is not { Count: > 0 } immutable)
        {
            return;
        }

        var kept = (await TagTable.OfPackageAsync(session, packageId))
            .ConvertAll(held => held.Tag).FindAll(tag => immutable.Exists(rule => rule.Covers(tag)));
        if (kept.Count > 0)
        {
            var (package, _) = await FactsAsync(packageId);
            var names = string.Join(", ", kept.Take(5)) + (kept.Count > 5 ? ", …" : "");
            await RefuseAsync(
                packageId, null,
                $"the package has {(kept.Count == 1 ? "an immutable tag" : $"{kept.Count} immutable tags")} ({names}), by "
                    + $"{immutable.Find(rule => rule.Covers(kept[0]))}",
                $"an admin of the package can override it, on the record: berth package rm {package.Address.Owner}/{package.Name}"
                    + $"{PackageCommand.Type(package.Address)} --override REASON");
        }
    }

    /// <summary>
    /// Remembers the version of a tag that a rule keeps and an administrator removes nevertheless. The tag may come back only on that
    /// version.
    /// </summary>
    private async Task GoneAsync(long packageId, TagChange change)
    {
        await DecideAsync(packageId, actor.Principal, change);
        if (change.From is not null && (await RulesAsync(packageId)).Exists(rule => rule.Immutable && rule.Covers(change.Tag)))
        {
            await TagRuleTable.SpendAsync(session, packageId, change.Tag, change.From, now);
        }
    }

    private async Task DecideAsync(long packageId, Principal? principal, TagChange change)
    {
        var (_, facts) = await FactsAsync(packageId);
        var decision = AccessRules.DecideTag(principal, facts, change);
        if (!decision.Allowed)
        {
            await RefuseAsync(packageId, change, decision.Deciding, decision.Remedy);
        }
    }

    private async Task RefuseAsync(long packageId, TagChange? change, string refusal, string? remedy)
    {
        var (package, facts) = await FactsAsync(packageId);
        if (overriding is null)
        {
            throw new ApiException(Errors.Forbidden.Saying(refusal) with { Remedy = remedy });
        }

        var may = actor.Principal is { } principal ? AccessRules.Decide(principal, PackageAction.Manage, facts.Package) : null;
        if (may is not { Allowed: true })
        {
            throw new ApiException(
                Errors.Forbidden.Saying($"only an admin of the package overrides its push rules: {may?.Deciding}; {refusal}"));
        }

        await overriding.RecordAsync(session, actor, package, change, refusal);
    }

    private async Task<bool> CoversAsync(long packageId, string tag) => (await RulesAsync(packageId)).Exists(rule => rule.Covers(tag));

    private async Task<List<TagRule>> RulesAsync(long packageId)
    {
        if (!_rules.TryGetValue(packageId, out var rules))
        {
            _rules[packageId] = rules = await TagRuleTable.InForceAsync(session, packageId);
        }

        return rules;
    }

    private async Task<(PackageName Package, TagFacts Facts)> FactsAsync(long packageId)
    {
        if (!_facts.TryGetValue(packageId, out var found))
        {
            var package = (await TagRuleTable.PackageAsync(session, packageId))!;
            _facts[packageId] = found = (
                package, await ReadTagFacts.LoadAsync(session, actor.Principal, package.Address, await RulesAsync(packageId)));
        }

        return found;
    }
}
