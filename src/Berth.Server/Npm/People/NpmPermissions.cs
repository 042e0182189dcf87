using Berth.Server.Access;

namespace Berth.Server.Npm.People;

/// <summary>npm's two words for a role. Admin counts as the one that may write.</summary>
internal static class NpmPermissions
{
    private const string Reads = "read-only";
    private const string Writes = "read-write";

    public static string Of(bool writes) => writes ? Writes : Reads;

    public static string Of(Role role) => Of(role >= Role.Write);

    public static bool TryParse(string text, out Role role)
    {
        role = text switch
        {
            Reads => Role.Read,
            Writes => Role.Write,
            _ => Role.None,
        };
        return role != Role.None;
    }
}
