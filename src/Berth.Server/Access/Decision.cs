namespace Berth.Server.Access;

/// <summary>One rule that was looked at: what it says, and whether it gave anything.</summary>
public sealed record RuleLine(bool Holds, string Rule);

/// <summary>Whether something is allowed, and why: the same answer for the request, <c>explain</c>, pages and tests.</summary>
/// <param name="MaySee">Whether the caller may know that the package exists or does not: it may be read or created by the caller.</param>
/// <param name="Reason">For those who may know: the rule that refused.</param>
/// <param name="Remedy">What would add the missing right; for those who may not know of the package, in words that are the same where there
/// is none.</param>
public sealed record Decision(bool Allowed, IReadOnlyList<RuleLine> Chain, bool MaySee, string? Reason = null, string? Remedy = null)
{
    /// <summary>The rule that allowed it, or the one that refused.</summary>
    public string Deciding => Reason ?? Chain.LastOrDefault(line => line.Holds)?.Rule ?? "nothing grants it";
}
