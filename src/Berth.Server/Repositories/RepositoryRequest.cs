using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Api.Bodies;
using Berth.Server.Http;

namespace Berth.Server.Repositories;

/// <summary>The settings of a repository in a request's body, to create or change it. What it does not name stays as it is.</summary>
internal sealed record RepositoryRequest
{
    private const string Resource = "Repository";

    private RepositoryRequest(Client.Wire.RepositoryChange body)
    {
        Body = body;
        Visibility = body.Visibility is { } word ? VisibilityNames.Parse(word)
            : body.Private is { } isPrivate ? isPrivate ? Access.Visibility.Private : Access.Visibility.Public
            : null;
    }

    public string? Name => Body.Name;

    /// <summary>The value of <c>visibility</c>, or of GitHub's older <c>private</c>.</summary>
    public Visibility? Visibility { get; }

    private Client.Wire.RepositoryChange Body { get; }

    public static async Task<RepositoryRequest> ReadAsync(
        HttpRequest request, ApiCaller caller, OutgoingOptions options, bool creating, CancellationToken cancellationToken) =>
        new(await RequestBody.ReadAsync<Client.Wire.RepositoryChange>(
            request,
            Resource,
            (body, faults) =>
            {
                if (creating)
                {
                    faults.Require("name", body.Name);
                }

                Check(body, faults, options.AllowFileClone && caller.IsSiteAdministrator);
            },
            cancellationToken));

    private static void Check(Client.Wire.RepositoryChange body, BodyFaults faults, bool allowFile)
    {
        if (body.Name is { } name && !faults.Has("name") && RepositoryNames.Fault(name) is { } fault)
        {
            faults.Add("name", fault);
        }

        if (body.DefaultBranch is { } branch
            && (branch.Length == 0 || branch.StartsWith('-') || branch.Contains("..", StringComparison.Ordinal)
            || branch.Any(c => c <= ' ' || "~^:?*[\\".Contains(c, StringComparison.Ordinal))))
        {
            faults.Add("default_branch", "default_branch must be the name of a branch");
        }

        if (body.CloneUrl.Value is { } cloneUrl && CloneUrl.Fault(cloneUrl, allowFile) is { } urlFault)
        {
            faults.Add("clone_url", urlFault);
        }

        if (body is { Visibility: { } word, Private: { } isPrivate } && isPrivate != (word != "public"))
        {
            faults.Add("private", "private and visibility contradict each other");
        }
    }

    /// <summary>Only organizations may have internal repositories.</summary>
    public static void CheckVisibility(Visibility visibility, bool ownerIsOrganization)
    {
        if (visibility == Access.Visibility.Internal && !ownerIsOrganization)
        {
            ApiErrors.Invalid(Resource, "visibility", "internal is for repositories of organizations").Throw();
        }
    }

    /// <summary>Only what the body names.</summary>
    public RepositoryChange Change => new()
    {
        Name = Name,
        Visibility = Visibility?.Name(),
        SetsDescription = Body.Description.IsNamed,
        Description = Body.Description.Value,
        SetsCloneUrl = Body.CloneUrl.IsNamed,
        CloneUrl = Body.CloneUrl.Value,
        SetsExternalId = Body.ExternalId.IsNamed,
        ExternalId = Body.ExternalId.Value,
        DefaultBranch = Body.DefaultBranch,
        Submodules = Body.Submodules,
    };

    /// <summary>The row after the change.</summary>
    public RepositoryRow ApplyTo(RepositoryRow row) => row with
    {
        Name = Name ?? row.Name,
        Visibility = Visibility?.Name() ?? row.Visibility,
        Description = Body.Description.IsNamed ? Body.Description.Value : row.Description,
        CloneUrl = Body.CloneUrl.IsNamed ? Body.CloneUrl.Value : row.CloneUrl,
        ExternalId = Body.ExternalId.IsNamed ? Body.ExternalId.Value : row.ExternalId,
        DefaultBranch = Body.DefaultBranch ?? row.DefaultBranch,
        Submodules = Body.Submodules ?? row.Submodules,
    };
}
