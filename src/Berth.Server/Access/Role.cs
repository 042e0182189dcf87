namespace Berth.Server.Access;

/// <summary>A role on a package. Each includes those before it.</summary>
public enum Role
{
    None,
    Read,
    Write,
    Admin,
}

/// <summary>The role names in rows and in JSON.</summary>
public static class RoleNames
{
    public static string Name(this Role role) => role switch
    {
        Role.Read => "read",
        Role.Write => "write",
        Role.Admin => "admin",
        _ => "none",
    };

    /// <summary>Package roles: <c>read</c>, <c>write</c>, <c>admin</c>.</summary>
    public static bool TryParse(string? text, out Role role)
    {
        role = text switch
        {
            "read" => Role.Read,
            "write" => Role.Write,
            "admin" => Role.Admin,
            _ => Role.None,
        };
        return role != Role.None;
    }

    /// <summary>
    /// Maps a role on a repository to one on its packages: read and triage to read, write and maintain to write, admin to admin.
    /// </summary>
    public static Role OfRepository(string? repositoryRole) => repositoryRole switch
    {
        "read" or "triage" or "pull" => Role.Read,
        "write" or "maintain" or "push" => Role.Write,
        "admin" => Role.Admin,
        _ => Role.None,
    };
}
