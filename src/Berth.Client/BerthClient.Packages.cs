using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>A package by its names.</summary>
/// <param name="Type"><c>container</c> or <c>npm</c>.</param>
/// <param name="Name">May contain slashes.</param>
public sealed record PackageReference(string Owner, string Type, string Name)
{
    internal string Path => $"users/{Uri.EscapeDataString(Owner)}/packages/{Type}/{Uri.EscapeDataString(Name)}";

    public override string ToString() => $"{Owner}/{Name}";
}

/// <summary>Packages, their versions and who has access.</summary>
public sealed partial class BerthClient
{
    /// <param name="owner">Null: the caller's own packages.</param>
    public Task<List<Package>> PackagesAsync(string? owner, string type, string? visibility, CancellationToken cancellationToken) =>
        ListAsync<Package>(
            $"{(owner is null ? "user" : "users/" + Escape(owner))}/packages?package_type={Escape(type)}"
                + $"{(visibility is null ? "" : "&visibility=" + Escape(visibility))}",
            cancellationToken);

    public Task<Package> PackageAsync(PackageReference package, CancellationToken cancellationToken) =>
        GetAsync<Package>(package.Path, cancellationToken);

    /// <summary>Creates a package before its first push.</summary>
    public Task<Package> CreatePackageAsync(PackageReference package, PackageChange wanted, CancellationToken cancellationToken) =>
        SendAsync<PackageChange, Package>(HttpMethod.Put, package.Path, wanted, cancellationToken);

    public Task<Package> ChangePackageAsync(PackageReference package, PackageChange change, CancellationToken cancellationToken) =>
        SendAsync<PackageChange, Package>(HttpMethod.Patch, package.Path, change, cancellationToken);

    /// <summary>Deletes a package. It can be restored for a while, unless it is purged.</summary>
    /// <param name="overriding">The reason why the package goes although push rules keep some of its tags. Null: it stays then. The methods
    /// below take the same.</param>
    /// <param name="force">Deletes it even when other packages depend on it.</param>
    public Task DeletePackageAsync(
        PackageReference package, bool force, bool purge, string? overriding, CancellationToken cancellationToken) => SendAsync(
        HttpMethod.Delete,
        $"{package.Path}?purge={(purge ? "true" : "false")}{(force ? "&force=true" : "")}{Override(overriding)}", cancellationToken);

    public Task RestorePackageAsync(PackageReference package, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, package.Path + "/restore", cancellationToken);

    public Task<List<PackageVersion>> VersionsAsync(PackageReference package, bool deleted, CancellationToken cancellationToken) =>
        ListAsync<PackageVersion>($"{package.Path}/versions?state={(deleted ? "deleted" : "active")}", cancellationToken);

    public Task<PackageVersion> VersionAsync(PackageReference package, long id, CancellationToken cancellationToken) =>
        GetAsync<PackageVersion>($"{package.Path}/versions/{id}", cancellationToken);

    /// <param name="version">Null: those that depend on the whole package.</param>
    public Task<Dependants> DependantsAsync(PackageReference package, long? version, CancellationToken cancellationToken) =>
        GetAsync<Dependants>($"{package.Path}{(version is { } id ? $"/versions/{id}" : "")}/dependants", cancellationToken);

    /// <param name="cascade">Also deletes everything that has no tag and that nothing else holds.</param>
    public Task<DeletedVersions> DeleteVersionAsync(
        PackageReference package, long id, bool force, bool purge, bool cascade, string? overriding, CancellationToken cancellationToken) =>
        SendForAsync<DeletedVersions>(
            HttpMethod.Delete,
            $"{package.Path}/versions/{id}?details=true{(force ? "&force=true" : "")}{(purge ? "&purge=true" : "")}"
                + $"{(cascade ? "&cascade=true" : "")}{Override(overriding)}",
            cancellationToken);

    public Task<RestoredVersions> RestoreVersionAsync(
        PackageReference package, long id, string? overriding, CancellationToken cancellationToken) => SendForAsync<RestoredVersions>(
            HttpMethod.Post, $"{package.Path}/versions/{id}/restore?details=true{Override(overriding)}", cancellationToken);

    public Task<List<TagMove>> TagHistoryAsync(PackageReference package, string tag, CancellationToken cancellationToken) =>
        ListAsync<TagMove>($"{package.Path}/tags/{Escape(tag)}/history", cancellationToken);

    /// <param name="version">A digest.</param>
    public Task<VersionName> MoveTagAsync(
        PackageReference package, string tag, string version, string? overriding, CancellationToken cancellationToken) =>
        SendAsync<TagTarget, VersionName>(
            HttpMethod.Put, $"{package.Path}/tags/{Escape(tag)}",
            new TagTarget { Version = version, Override = overriding is null ? null : true, Reason = overriding }, cancellationToken);

    /// <summary>Removes a tag. The version stays.</summary>
    public Task RemoveTagAsync(PackageReference package, string tag, string? overriding, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Delete, $"{package.Path}/tags/{Escape(tag)}{Override(overriding, first: true)}", cancellationToken);

    public Task<PackageAccessList> PackageAccessAsync(PackageReference package, CancellationToken cancellationToken) =>
        GetAsync<PackageAccessList>(package.Path + "/access", cancellationToken);

    /// <param name="kind"><c>users</c>, <c>teams</c>, <c>actions</c> or <c>codespaces</c>.</param>
    /// <param name="name">A login, a team's slug, or <c>owner/name</c> of a repository.</param>
    /// <param name="role">Null for the list of codespaces, whose entries only ever give read.</param>
    public Task GrantAsync(PackageReference package, string kind, string name, string? role, CancellationToken cancellationToken) =>
        role is null
            ? SendAsync(HttpMethod.Put, GrantPath(package, kind, name), cancellationToken)
            : SendAsync(HttpMethod.Put, GrantPath(package, kind, name), new GrantedRole { Role = role }, cancellationToken);

    public Task RevokeAsync(PackageReference package, string kind, string name, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, GrantPath(package, kind, name), cancellationToken);

    /// <param name="kind"><c>user</c>, <c>workflow</c> or <c>codespace</c>. Null: asks about the caller.</param>
    /// <param name="action"><c>pull</c>, <c>push</c> or <c>delete</c>.</param>
    public Task<Explanation> ExplainAsync(
        PackageReference package, string? kind, string? name, string action, ExplainedChange of, CancellationToken cancellationToken) =>
        GetAsync<Explanation>(
            $"{package.Path}/access/explain?action={Escape(action)}{(kind is null ? "" : $"&{kind}={Escape(name ?? "")}")}"
                + (of.Tag is null ? "" : $"&tag={Escape(of.Tag)}") + (of.Ref is null ? "" : $"&ref={Escape(of.Ref)}")
                + (of.Environment is null ? "" : $"&environment={Escape(of.Environment)}"),
            cancellationToken);

    private static string Override(string? reason, bool first = false) =>
        reason is null ? "" : $"{(first ? '?' : '&')}override=true&reason={Escape(reason)}";

    private static string GrantPath(PackageReference package, string kind, string name) =>
        $"{package.Path}/access/{kind}/{(kind is "actions" or "codespaces" ? Repository(name) : Escape(name))}";
}

/// <summary>What else a question about access may name: a tag that is pushed or deleted, and the ref and environment of a run.</summary>
public sealed record ExplainedChange(string? Tag = null, string? Ref = null, string? Environment = null);
