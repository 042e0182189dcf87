using Berth.Client.Wire;
using Berth.Server.Access;

namespace Berth.Server.Repositories;

/// <summary>
/// The five roles on a repository, in ascending order. <c>pull</c> and <c>push</c> are GitHub's other words for read and write.
/// </summary>
internal static class RepositoryRole
{
    private static readonly string[] Ordered = ["read", "triage", "write", "maintain", "admin"];

    /// <summary>Null when the body names none.</summary>
    public static string? Of(PermissionChange wanted) =>
        wanted.Permission switch
        {
            "pull" => "read",
            "push" => "write",
            var role => role,
        };

    /// <summary>The highest role held by name. Null when there is none.</summary>
    public static string? Highest(IEnumerable<RoleSource> named) => named.Select(n => n.Role).MaxBy(Rank);

    public static RepositoryPermissions Permissions(string? role, bool canRead)
    {
        var rank = role is null ? -1 : Rank(role);
        return new RepositoryPermissions
        {
            Pull = canRead || rank >= 0,
            Triage = rank >= 1,
            Push = rank >= 2,
            Maintain = rank >= 3,
            Admin = rank >= 4,
        };
    }

    /// <summary>The role as one of GitHub's four older words: triage becomes read, maintain becomes write.</summary>
    public static string Folded(string? role) => RoleNames.OfRepository(role).Name();

    private static int Rank(string role) => Array.IndexOf(Ordered, role);
}
