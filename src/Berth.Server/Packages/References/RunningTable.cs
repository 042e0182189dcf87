using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Packages.References;

/// <summary>A codespace whose container was made from a version of a package.</summary>
internal sealed record RunningRow
{
    public string Name { get; init; } = "";

    public string Owner { get; init; } = "";

    public string Repository { get; init; } = "";

    public string State { get; init; } = "";

    /// <summary>The image's reference, pinned by digest.</summary>
    public string Image { get; init; } = "";

    public bool Visible { get; init; }

    public string Version => Image[(Image.IndexOf('@', StringComparison.Ordinal) + 1)..];
}

/// <summary>Reads which codespaces run an image of a package unchanged. A codespace that builds on one has an image of its own.</summary>
internal static class RunningTable
{
    /// <param name="image">The package as clients name it, without tag and digest.</param>
    public static Task<List<RunningRow>> OfPackageAsync(DbSession session, string image, UserPrincipal caller) =>
        session.QueryAsync<RunningRow>(
            $"""
             select c.name, u.login as owner, c.repository_full_name as repository, c.state, c.image,
                    (c.owner_id = @userId or (r.id is not null and {RepositoryConditions.Readable})) as visible
             from codespaces c join accounts u on u.id = c.owner_id left join repositories r on r.id = c.repository_id
             where c.desired <> 'deleted' and substr(c.image, 1, @length) = @prefix order by c.id
             """,
            new
            {
                prefix = image + "@",
                length = image.Length + 1,
                userId = caller.UserId,
                scoped = caller.Scopes.Has("repo") ? 1 : 0,
            });
}
