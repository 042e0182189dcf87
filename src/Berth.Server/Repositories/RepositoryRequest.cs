using Berth.Server.Access;
using Berth.Server.Api;
using Berth.Server.Settings;

namespace Berth.Server.Repositories;

/// <summary>What a body says about a repository, for creating and changing alike; what it does not name stays as it was.</summary>
internal sealed record RepositoryRequest
{
    private const string Resource = "Repository";

    public string? Name { get; private init; }

    public Visibility? Visibility { get; private init; }

    private string? Description { get; init; }

    private string? CloneUrl { get; init; }

    private string? ExternalId { get; init; }

    private string? DefaultBranch { get; init; }

    private Func<string, bool> Named { get; init; } = _ => false;

    public static async Task<RepositoryRequest> ReadAsync(
        HttpRequest request, ApiCaller caller, BerthOptions options, bool creating, CancellationToken cancellationToken)
    {
        var body = await JsonBody.ReadAsync(request, Resource, cancellationToken);
        var name = body.Text("name", required: creating);
        if (name is not null && RepositoryNames.Fault(name) is { } fault)
        {
            body.Fault("name", "invalid", fault);
        }

        var branch = body.Text("default_branch");
        if (branch is not null && (branch.Length == 0 || branch.StartsWith('-') || branch.Contains("..", StringComparison.Ordinal) || branch.Any(c => c <= ' ' || "~^:?*[\\".Contains(c, StringComparison.Ordinal))))
        {
            body.Fault("default_branch", "invalid", "default_branch must be the name of a branch");
        }

        var cloneUrl = body.Text("clone_url", longest: 4096);
        if (cloneUrl is not null && Repositories.CloneUrl.Fault(cloneUrl, options.AllowFileClone && caller.IsSiteAdministrator) is { } urlFault)
        {
            body.Fault("clone_url", "invalid", urlFault);
        }

        var wanted = new RepositoryRequest
        {
            Name = name,
            Visibility = ReadVisibility(body),
            Description = body.Text("description", longest: 1000),
            CloneUrl = cloneUrl,
            ExternalId = body.Text("external_id"),
            DefaultBranch = branch,
            Named = body.Has,
        };
        body.Validate();
        return wanted;
    }

    /// <summary>Internal is for organizations.</summary>
    public static void CheckVisibility(Visibility visibility, bool ownerIsOrganization)
    {
        if (visibility == Access.Visibility.Internal && !ownerIsOrganization)
        {
            ApiErrors.Invalid(Resource, "visibility", "internal is for repositories of organizations").Throw();
        }
    }

    /// <summary>What the body names, and nothing else.</summary>
    public RepositoryChange Change => new()
    {
        Name = Name,
        Visibility = Visibility?.Name(),
        SetsDescription = Named("description"),
        Description = Description,
        SetsCloneUrl = Named("clone_url"),
        CloneUrl = CloneUrl,
        SetsExternalId = Named("external_id"),
        ExternalId = ExternalId,
        DefaultBranch = DefaultBranch,
    };

    /// <summary>The row as it is after the change.</summary>
    public RepositoryRow ApplyTo(RepositoryRow row) => row with
    {
        Name = Name ?? row.Name,
        Visibility = Visibility?.Name() ?? row.Visibility,
        Description = Named("description") ? Description : row.Description,
        CloneUrl = Named("clone_url") ? CloneUrl : row.CloneUrl,
        ExternalId = Named("external_id") ? ExternalId : row.ExternalId,
        DefaultBranch = DefaultBranch ?? row.DefaultBranch,
    };

    /// <summary><c>visibility</c>, or GitHub's older <c>private</c>; both must agree.</summary>
    private static Visibility? ReadVisibility(JsonBody body)
    {
        var word = body.Word("visibility", required: false, "public", "internal", "private");
        var isPrivate = body.Flag("private");
        if (word is null)
        {
            return isPrivate is { } flag ? flag ? Access.Visibility.Private : Access.Visibility.Public : null;
        }

        if (isPrivate is { } said && said != (word != "public"))
        {
            body.Fault("private", "invalid", "private and visibility contradict each other");
        }

        return VisibilityNames.Parse(word);
    }
}
