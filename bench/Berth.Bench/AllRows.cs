using Berth.Bench.Rows;

namespace Berth.Bench;

/// <summary>The table's lines, in its order.</summary>
internal static class AllRows
{
    public static IReadOnlyList<Row> Chosen(string? name)
    {
        Row[] rows =
        [
            new ManifestRow(),
            new ManyTagsRow(),
            new BlobHeadRow(),
            new DownloadRow(1, 1.1),
            new DownloadRow(8, 1.3),
            new UploadRow(),
            new SmallImagesRow(),
            new MemoryRow(),
            new StartRow(),
            new ResolveRow(),
            new CodespaceRow(),
        ];
        return [.. rows.Where(row => name is null || row.Name == name)];
    }
}
