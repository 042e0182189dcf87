using Berth.Bench.Rows;

namespace Berth.Bench;

/// <summary>The rows of the table, in order.</summary>
internal static class AllRows
{
    public static IReadOnlyList<Row> Chosen(string? name)
    {
        Row[] rows =
        [
            new ManifestRow(Sides.BesideDockerRegistry, 20),
            new ManyTagsRow(),
            new BlobHeadRow(Sides.BesideDockerRegistry, 10),
            new DownloadRow(1, 1.1),
            new DownloadRow(8, 1.3),
            new UploadRow(),
            new DiskPushRow(),
            new FirstPullRow(),
            new SmallImagesRow(),
            new MemoryRow(),
            new HostileMemoryRow(),
            new CollectRow(),
            new StartRow(),
            new ColdRow(),
            new ManifestRow(Sides.PostgresBesideSqlite, 0.5),
            new BlobHeadRow(Sides.PostgresBesideSqlite, 0.5),
            new PackumentRow("packuments", 20, whole: false, 5),
            new PackumentRow("packument-2000", 2000, whole: false, 5),
            new PackumentRow("packument-2000-whole", 2000, whole: true, 5),
            new PublishRow(),
            new NpmCiRow(),
            new PublishMemoryRow(),
            new ResolveRow(),
            new CodespaceRow(),
            new RestartRow(),
            new StartsAtOnceRow(),
            new PrebuildRow(),
        ];
        return [.. rows.Where(row => name is null || row.Name == name)];
    }
}
