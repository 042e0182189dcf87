using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>Whose retention is meant: one package's, or an account's for all its packages.</summary>
public sealed record RetentionPlace
{
    /// <summary>The retention of all packages of the caller.</summary>
    public static readonly RetentionPlace Own = new("user/settings/retention");

    private RetentionPlace(string path) => Path = path;

    internal string Path { get; }

    public static RetentionPlace Of(PackageReference package) => new($"{package.Path}/retention");

    public static RetentionPlace OfOrganization(string login) => new($"orgs/{Uri.EscapeDataString(login)}/settings/retention");
}

/// <summary>Automatic removal from packages.</summary>
public sealed partial class BerthClient
{
    /// <summary>For a package, the policy that applies to it, which may be its owner's.</summary>
    public Task<RetentionSetting> RetentionAsync(RetentionPlace place, CancellationToken cancellationToken) =>
        GetAsync<RetentionSetting>(place.Path, cancellationToken);

    public Task<RetentionSetting> SetRetentionAsync(RetentionPlace place, RetentionPolicy policy, CancellationToken cancellationToken) =>
        SendAsync<RetentionPolicy, RetentionSetting>(HttpMethod.Put, place.Path, policy, cancellationToken);

    public Task ClearRetentionAsync(RetentionPlace place, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, place.Path, cancellationToken);

    /// <param name="tried">A policy to try. Null: the policy that is in force.</param>
    public Task<RetentionPreview> RetentionPreviewAsync(
        PackageReference package, RetentionPolicy? tried, CancellationToken cancellationToken)
    {
        var path = RetentionPlace.Of(package).Path + "/preview";
        return tried is null
            ? GetAsync<RetentionPreview>(path, cancellationToken)
            : SendAsync<RetentionPolicy, RetentionPreview>(HttpMethod.Post, path, tried, cancellationToken);
    }

    /// <summary>Previews all packages of an account, each with what would be removed from it.</summary>
    /// <param name="tried">An account's policy to try. A package's own policy still comes first. Null: the policy that is in force.</param>
    public Task<List<RetentionPreview>> RetentionPreviewAsync(
        RetentionPlace place, RetentionPolicy? tried, CancellationToken cancellationToken)
    {
        var path = place.Path + "/preview";
        return tried is null
            ? ListAsync<RetentionPreview>(path, cancellationToken)
            : ListAsync<RetentionPolicy, RetentionPreview>(path, tried, cancellationToken);
    }

    public Task<RetentionRun> RunRetentionAsync(PackageReference package, CancellationToken cancellationToken) =>
        SendForAsync<RetentionRun>(HttpMethod.Post, RetentionPlace.Of(package).Path + "/runs", cancellationToken);

    /// <summary>Runs for all packages of an account that a policy applies to.</summary>
    public Task<List<RetentionRun>> RunRetentionAsync(RetentionPlace place, CancellationToken cancellationToken) =>
        SendForAsync<List<RetentionRun>>(HttpMethod.Post, place.Path + "/runs", cancellationToken);

    public Task<List<RetentionRun>> RetentionRunsAsync(RetentionPlace place, CancellationToken cancellationToken) =>
        ListAsync<RetentionRun>(place.Path + "/runs", cancellationToken);

    /// <summary>A run with what it removed.</summary>
    public Task<RetentionRun> RetentionRunAsync(PackageReference package, long run, CancellationToken cancellationToken) =>
        GetAsync<RetentionRun>($"{RetentionPlace.Of(package).Path}/runs/{run}", cancellationToken);

    /// <summary>
    /// Reports that a ref of the repository was deleted. Versions that follow it are removed from its packages if their policies say so.
    /// </summary>
    public Task<List<RetentionRun>> RefGoneAsync(string repository, string reference, CancellationToken cancellationToken) =>
        SendAsync<GoneRef, List<RetentionRun>>(
            HttpMethod.Post, $"repos/{Repository(repository)}/refs-gone", new GoneRef { Ref = reference }, cancellationToken);
}
