using Berth.Server.Database;
using Berth.Server.Packages.Content;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.GarbageCollection;

/// <summary>Whether a package uses a blob is found through the blob, however many versions the package has.</summary>
public sealed class BlobUseTests(SharedServer shared)
{
    public static TheoryData<string> Conditions => [BlobUse.ByAny("l"), BlobUse.ByLive("l"), BlobUse.ByLive("l", except: "7")];

    [Theory]
    [MemberData(nameof(Conditions))]
    public async Task SQLite_begins_with_the_blob(string condition)
    {
        var db = shared.Server.Services.GetRequiredService<Db>();
        Assert.SkipWhen(TestDatabase.IsPostgres, "PostgreSQL chooses by what the tables hold");
        var steps = await db.ReadAsync(
            session => session.QueryAsync<PlanStep>($"explain query plan select 1 from blob_links l where not {condition}"),
            TestContext.Current.CancellationToken);
        var searches = steps.Select(step => step.Detail).Where(detail => detail.StartsWith("SEARCH", StringComparison.Ordinal)).ToList();
        Assert.Equal("SEARCH vb USING INDEX version_blobs_blob (blob_id=?)", searches[0]);
        Assert.StartsWith("SEARCH v ", searches[1], StringComparison.Ordinal);
        Assert.Contains("rowid=?", searches[1], StringComparison.Ordinal);
    }

    private sealed record PlanStep
    {
        public string Detail { get; init; } = "";
    }
}
