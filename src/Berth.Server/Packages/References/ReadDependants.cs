using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Packages.References;

/// <summary>What depends on a version or a whole package. People want to see this before they delete it.</summary>
internal sealed class ReadDependants(Db db, PackageNeeds needs, AddressOptions options)
{
    public Task<Dependants> OfPackageAsync(
        UserPrincipal caller, PackageAddress address, long packageId, CancellationToken cancellationToken) => db.ReadAsync(
        async session =>
        {
            var graph = await ReferenceTable.GraphAsync(session, packageId);
            var dependants = new Dependants
            {
                Package = address.ToString(),
                Versions = graph.Nodes.Count,
                Tags = [.. graph.Nodes.SelectMany(node => node.Tags).Order(StringComparer.Ordinal)],
                LastPulledAt = graph.Nodes.Max(node => node.LastPulledAt),
            };
            var all = (await needs.OfAsync(session, packageId)).Needs;
            dependants = WithCodespaces(dependants, await RunningAsync(session, caller, address));
            dependants = await WithBuiltAsync(session, caller, dependants, await BuiltAsync(session, packageId, address));
            return await WithPackagesAsync(session, caller, dependants, all, _ => true);
        },
        cancellationToken);

    /// <summary>Null when the package has no such live version.</summary>
    public Task<Dependants?> OfVersionAsync(
        UserPrincipal caller, PackageAddress address, long packageId, long versionId, CancellationToken cancellationToken) => db.ReadAsync(
        async session =>
        {
            var graph = await ReferenceTable.GraphAsync(session, packageId);
            if (graph.Nodes.FirstOrDefault(node => node.Id == versionId) is not { } version)
            {
                return null;
            }

            var going = graph.WithParts([version], part => graph.Tags(part).Count == 0);
            var names = going.Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
            var running = (await RunningAsync(session, caller, address)).Where(codespace => names.Contains(codespace.Version)).ToList();
            var dependants = new Dependants
            {
                Package = address.ToString(),
                Versions = 1,
                Version = ToWire(version),
                Tags = version.Tags,
                LastPulledAt = graph.LastPull(version),
                Breaks = [.. graph.Indexes(version).Select(ToWire)],
                Referrers = [.. graph.Referrers(version).Select(ToWire)],
                GoesAlong = [.. going.Skip(1).Select(ToWire)],
            };
            var takers = (await needs.OfAsync(session, packageId)).Needs
                .Where(need => need.Served.Contains(version.Name, StringComparer.Ordinal)).ToList();
            var built = (await BuiltAsync(session, packageId, address)).Where(row => names.Contains(row.Base)).ToList();
            dependants = await WithBuiltAsync(session, caller, WithCodespaces(dependants, running), built);
            return await WithPackagesAsync(session, caller, dependants, takers, need => need.IsBrokenWithout(names));
        },
        cancellationToken);

    public static VersionName ToWire(VersionNode node) => new(node.Id, node.Name, node.Tags);

    private async Task<IReadOnlyList<RunningRow>> RunningAsync(DbSession session, UserPrincipal caller, PackageAddress address) =>
        address.Type == PackageAddress.Container
            ? await RunningTable.OfPackageAsync(session, Image(address), caller)
            : [];

    private async Task<IReadOnlyList<BuiltRow>> BuiltAsync(DbSession session, long packageId, PackageAddress address) =>
        address.Type == PackageAddress.Container
            ? await BuiltTable.UponPackageAsync(session, packageId, Image(address))
            : [];

    private string Image(PackageAddress address) => $"{options.RegistryHost}/{address.Owner}/{address.Name}".ToLowerInvariant();

    /// <summary>Codespaces that the caller may not know of are only counted.</summary>
    private static Dependants WithCodespaces(Dependants dependants, IReadOnlyList<RunningRow> running) => dependants with
    {
        Codespaces = [
            .. running.Where(row => row.Visible)
                .Select(row => new RunningCodespace(row.Name, row.Owner, row.Repository, row.State, row.Version)),
        ],
        OtherCodespaces = running.Count(row => !row.Visible),
    };

    private static async Task<Dependants> WithBuiltAsync(
        DbSession session, UserPrincipal caller, Dependants dependants, IReadOnlyList<BuiltRow> built)
    {
        var seen = await PackageNeeds.SeenAsync(session, caller, [.. built.Select(row => row.PackageId).Distinct()]);
        var shown = built.Where(row => seen.ContainsKey(row.PackageId)).ToList();
        var tags = await TagTable.OfVersionsAsync(session, shown.ConvertAll(row => row.Id), deleted: false);
        return dependants with
        {
            BuiltUpon = [.. shown.Select(row => new BuiltImage(seen[row.PackageId], row.Name, [.. tags[row.Id]]))],
            OtherBuiltUpon = built.Count - shown.Count,
        };
    }

    private static async Task<Dependants> WithPackagesAsync(
        DbSession session, UserPrincipal caller, Dependants dependants, IReadOnlyList<VersionNeed> needs, Func<VersionNeed, bool> breaks)
    {
        var packages = needs.GroupBy(need => need.PackageId).ToList();
        var seen = await PackageNeeds.SeenAsync(session, caller, packages.ConvertAll(package => package.Key));
        return dependants with
        {
            Packages = [
                .. packages.Where(package => seen.ContainsKey(package.Key))
                    .Select(package => new DependantPackage(
                        seen[package.Key], package.Any(breaks),
                        [.. package.Select(need => new DependantVersion(need.Version, need.Range))])),
            ],
            OtherPackages = packages.Count - seen.Count,
        };
    }
}
