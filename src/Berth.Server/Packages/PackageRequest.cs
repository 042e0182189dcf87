using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Repositories;

namespace Berth.Server.Packages;

/// <summary>What a body says about a package: <c>{visibility?, repository?: "o/r" | null, inherit_access?}</c>.</summary>
/// <param name="Visibility">Null: as it is.</param>
/// <param name="NamesRepository">Whether the link is spoken of; then <paramref name="Repository"/> null unlinks.</param>
/// <param name="Repository"><c>owner/name</c>.</param>
/// <param name="InheritAccess">Null: as it is.</param>
internal sealed record PackageRequest(Visibility? Visibility, bool NamesRepository, string? Repository, bool? InheritAccess)
{
    public static async Task<PackageRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, "Package", cancellationToken);
        var visibility = body.Word("visibility", required: false, "public", "internal", "private");
        var repository = body.Text("repository");
        if (repository is not null && !RepositoryNames.TrySplit(repository, out _, out _))
        {
            body.Fault("repository", "invalid", "repository must be owner/name, or null for none");
        }

        var inherit = body.Flag("inherit_access");
        if (inherit == true && body.IsNull("repository"))
        {
            body.Fault("inherit_access", "invalid", "a package without a repository has no access to inherit");
        }

        body.Validate();
        return new PackageRequest(visibility is null ? null : VisibilityNames.Parse(visibility), body.Has("repository"), repository, inherit);
    }
}
