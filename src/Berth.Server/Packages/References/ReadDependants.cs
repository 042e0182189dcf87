using Berth.Client.Wire;
using Berth.Server.Access;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Packages.References;

/// <summary>What depends on a version or a whole package: what a person wants to see before deleting it.</summary>
internal sealed class ReadDependants(Db db, AddressOptions options)
{
    public Task<Dependants> OfPackageAsync(
        UserPrincipal caller, PackageAddress address, long packageId, CancellationToken cancellationToken) => db.ReadAsync(
        async session =>
        {
            var graph = await ReferenceTable.GraphAsync(session, packageId);
            return WithCodespaces(
                new Dependants
                {
                    Package = address.ToString(),
                    Versions = graph.Nodes.Count,
                    Tags = [.. graph.Nodes.SelectMany(node => node.Tags).Order(StringComparer.Ordinal)],
                    LastPulledAt = graph.Nodes.Max(node => node.LastPulledAt),
                },
                await RunningTable.OfPackageAsync(session, Image(address), caller));
        },
        cancellationToken);

    /// <summary>Null where it is no live version of the package.</summary>
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
            var running = await RunningTable.OfPackageAsync(session, Image(address), caller);
            return WithCodespaces(
                new Dependants
                {
                    Package = address.ToString(),
                    Versions = 1,
                    Version = ToWire(version),
                    Tags = version.Tags,
                    LastPulledAt = graph.LastPull(version),
                    Breaks = [.. graph.Indexes(version).Select(ToWire)],
                    Referrers = [.. graph.Referrers(version).Select(ToWire)],
                    GoesAlong = [.. going.Skip(1).Select(ToWire)],
                },
                running.Where(codespace => names.Contains(codespace.Version)).ToList());
        },
        cancellationToken);

    public static VersionName ToWire(VersionNode node) => new(node.Id, node.Name, node.Tags);

    private string Image(PackageAddress address) => $"{options.RegistryHost}/{address.Owner}/{address.Name}".ToLowerInvariant();

    /// <summary>Those that the caller may not know of are a number.</summary>
    private static Dependants WithCodespaces(Dependants dependants, IReadOnlyList<RunningRow> running) => dependants with
    {
        Codespaces = [
            .. running.Where(row => row.Visible)
                .Select(row => new RunningCodespace(row.Name, row.Owner, row.Repository, row.State, row.Version)),
        ],
        OtherCodespaces = running.Count(row => !row.Visible),
    };
}
