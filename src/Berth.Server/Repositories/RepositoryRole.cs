using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Api;

namespace Berth.Server.Repositories;

/// <summary>The five roles on a repository, from least to most; <c>pull</c> and <c>push</c> are GitHub's other words for read and write.</summary>
internal static class RepositoryRole
{
    private static readonly string[] Ordered = ["read", "triage", "write", "maintain", "admin"];

    /// <summary>From the field <c>permission</c>; null when it is not there, a fault when it is no role.</summary>
    public static string? Read(JsonBody body) =>
        body.Word("permission", required: false, ["pull", "push", .. Ordered]) switch
        {
            "pull" => "read",
            "push" => "write",
            var role => role,
        };

    /// <summary>The highest role held by name; null for none.</summary>
    public static string? Highest(IEnumerable<RoleSource> named) => named.Select(n => n.Role).MaxBy(Rank);

    public static RepositoryPermissions Permissions(string? role, bool canRead)
    {
        var rank = role is null ? -1 : Rank(role);
        return new RepositoryPermissions { Pull = canRead || rank >= 0, Triage = rank >= 1, Push = rank >= 2, Maintain = rank >= 3, Admin = rank >= 4 };
    }

    /// <summary>GitHub's four old words: triage is read, maintain is write.</summary>
    public static string Folded(string? role) => RoleNames.OfRepository(role).Name();

    private static int Rank(string role) => Array.IndexOf(Ordered, role);
}
