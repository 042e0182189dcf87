namespace Berth.Tests.TestServer;

/// <summary>
/// A fresh database: a file in the given folder, or a database on the test run's PostgreSQL server. There it has its tables already and may
/// have belonged to an earlier test, since creating one takes longer than most tests.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly PostgresDatabases? _from;
    private readonly string? _name;
    private readonly bool _blank;

    private TestDatabase(string setting, PostgresDatabases? from, string? name, bool blank = false)
    {
        _blank = blank;
        Setting = setting;
        _from = from;
        _name = name;
    }

    /// <summary>The value of <c>BERTH_DATABASE</c>.</summary>
    public string Setting { get; }

    public static bool IsPostgres => PostgresDatabases.OfRun is not null;

    public static async Task<TestDatabase> CreateAsync(string folder)
    {
        if (PostgresDatabases.OfRun is not { } databases)
        {
            return new TestDatabase("sqlite:" + Path.Combine(folder, "berth.db"), null, null);
        }

        var name = await databases.TakeAsync();
        return new TestDatabase("postgres:" + databases.ConnectionTo(name), databases, name);
    }

    /// <summary>A database without tables, for a test of migrations.</summary>
    public static async Task<TestDatabase> CreateBlankAsync(string folder)
    {
        if (PostgresDatabases.OfRun is not { } databases)
        {
            return await CreateAsync(folder);
        }

        var name = await databases.CreateBlankAsync();
        return new TestDatabase("postgres:" + databases.ConnectionTo(name), databases, name, blank: true);
    }

    public ValueTask DisposeAsync() =>
        _from is null ? ValueTask.CompletedTask
        : _blank ? new ValueTask(_from.DropAsync(_name!))
        : _from.GiveBackAsync(_name!);
}
