namespace Berth.Server.Access;

/// <summary>One rule that was checked, and whether it gave anything.</summary>
public sealed record RuleLine(bool Holds, string Rule);

/// <summary>Whether something is allowed, and why. Requests, <c>explain</c>, pages and tests all get the same answer.</summary>
/// <param name="MaySee">Whether the caller may know whether the package exists, because the caller may read or create it.</param>
/// <param name="Reason">The rule that refused, for callers who may know it.</param>
/// <param name="Remedy">What would add the missing right. For callers who may not know of the package, the words are the same as for a
/// package that does not exist.</param>
public sealed record Decision(bool Allowed, IReadOnlyList<RuleLine> Chain, bool MaySee, string? Reason = null, string? Remedy = null)
{
    /// <summary>The rule that allowed it, or the one that refused.</summary>
    public string Deciding => Reason ?? Chain.LastOrDefault(line => line.Holds)?.Rule ?? "nothing grants it";
}
