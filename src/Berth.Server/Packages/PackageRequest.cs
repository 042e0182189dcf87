using Berth.Server.Access;
using Berth.Server.Api.Bodies;
using Berth.Server.Repositories;

namespace Berth.Server.Packages;

/// <summary>The settings of a package in a request's body: <c>{visibility?, repository?: "o/r" | null, inherit_access?}</c>.</summary>
/// <param name="Visibility">Null: it stays as it is.</param>
/// <param name="NamesRepository">Whether the request names the link. If it does, a null <paramref name="Repository"/> unlinks.</param>
/// <param name="Repository"><c>owner/name</c>.</param>
/// <param name="InheritAccess">Null: it stays as it is.</param>
internal sealed record PackageRequest(Visibility? Visibility, bool NamesRepository, string? Repository, bool? InheritAccess)
{
    public static async Task<PackageRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadAsync<Client.Wire.PackageChange>(request, "Package", Check, cancellationToken);
        return new PackageRequest(
            body.Visibility is { } word ? VisibilityNames.Parse(word) : null, body.Repository.IsNamed, body.Repository.Value,
            body.InheritAccess);
    }

    private static void Check(Client.Wire.PackageChange body, BodyFaults faults)
    {
        if (body.Repository.Value is { } repository && !RepositoryNames.TrySplit(repository, out _, out _))
        {
            faults.Add("repository", "repository must be owner/name, or null for none");
        }

        if (body is { InheritAccess: true, Repository: { IsNamed: true, Value: null } })
        {
            faults.Add("inherit_access", "a package without a repository has no access to inherit");
        }
    }
}
