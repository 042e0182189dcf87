namespace Berth.Server.Access;

/// <summary>A role on a package; each includes those before it.</summary>
public enum Role
{
    None,
    Read,
    Write,
    Admin,
}

/// <summary>The role names as they stand in rows and in JSON.</summary>
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

    /// <summary>What a role on a repository means for its packages: read and triage read, write and maintain write, admin admin.</summary>
    public static Role OfRepository(string? repositoryRole) => repositoryRole switch
    {
        "read" or "triage" or "pull" => Role.Read,
        "write" or "maintain" or "push" => Role.Write,
        "admin" => Role.Admin,
        _ => Role.None,
    };
}
