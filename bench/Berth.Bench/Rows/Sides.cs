namespace Berth.Bench.Rows;

/// <summary>The two servers that a row compares: their names, and how they are made in a folder.</summary>
internal sealed record Sides(
    string Suffix, string Ending, string Peer,
    Func<string, BenchOptions, ServerProcess> MakeBerth, Func<string, BenchOptions, ServerProcess> MakePeer)
{
    public static readonly Sides BesideDockerRegistry = new(
        "", "", "docker-registry", EmbeddedBerth, (folder, _) => new DockerRegistry(folder));

    public static readonly Sides PostgresBesideSqlite = new(
        "-postgres", ", on PostgreSQL", "SQLite",
        (folder, options) => new BerthServer(folder, options.ServerDll, Postgres.NewDatabase(options)), EmbeddedBerth);

    public static readonly Sides BesideVerdaccio = new(
        "", "", "Verdaccio", EmbeddedBerth,
        (folder, options) => new Verdaccio(
            folder, options.Verdaccio ?? throw new InvalidOperationException("the rows of npm need --verdaccio PROGRAM")));

    private static BerthServer EmbeddedBerth(string folder, BenchOptions options) => new(folder, options.ServerDll);
}
