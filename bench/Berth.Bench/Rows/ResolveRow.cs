using System.Diagnostics;
using System.Globalization;
using Berth.Client;
using Berth.Client.Wire;

namespace Berth.Bench.Rows;

/// <summary>
/// How long it takes to find which registry logins a codespace gets. 300 secrets, the limit of three levels, are read, decrypted and
/// resolved into 100 sets, of which one has its parts at three levels. The request asks over HTTP for a set that does not exist, so that no
/// registry is asked. The figure includes the requests.
/// </summary>
internal sealed class ResolveRow : Row
{
    private const int SetsOfLevel = 33;

    /// <summary>As many as one person may send in a minute. Every round uses another person.</summary>
    private const int Asked = 30;

    private const string Organization = "bench-resolve";
    private const string Repository = Organization + "/app";
    private static readonly string[] Scopes = ["codespace", "repo"];
    private static readonly string[] Parts = ["SERVER", "USER", "PASSWORD"];
    private BerthServer? _berth;

    public override string Name => "resolve";

    public override string Work => "300 secrets in 100 registry sets resolved, p50";

    public override string Unit => "ms";

    public override double Target => 5;

    public override bool Absolute => true;

    public override async Task PrepareAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        _berth = new BerthServer(Path.Combine(options.Work, "resolve-berth"), options.ServerDll);
        await _berth.StartAsync(cancellationToken);
        using var admin = new BerthClient(new Uri(_berth.Url), _berth.AdminToken);
        await admin.CreateOrganizationAsync(new NewOrganization { Login = Organization, Admin = "admin" }, cancellationToken);
        await admin.CreateRepositoryAsync(Organization, new RepositoryChange { Name = "app", Visibility = "private" }, cancellationToken);
        await FillAsync(admin, SecretLevel.Organization(Organization), "ORG", Parts[0], "all", null, cancellationToken);
        await FillAsync(admin, SecretLevel.Repository(Repository), "REPO", Parts[1], null, null, cancellationToken);

        // The first requests of a process include the compilation of their code.
        await AskAsync(admin, cancellationToken);
    }

    public override async Task<double> MeasureBerthAsync(int round, CancellationToken cancellationToken)
    {
        var url = new Uri(_berth!.Url);
        using var admin = new BerthClient(url, _berth.AdminToken);
        var login = string.Create(CultureInfo.InvariantCulture, $"resolve-{round}");
        await admin.CreateUserAsync(new NewUser { Login = login, Email = login + "@example.com" }, cancellationToken);
        var token = await admin.AuthorizeAsync(login, new NewToken { Scopes = Scopes, Note = "bench" }, cancellationToken);
        await admin.SetCollaboratorAsync(Repository, login, "write", cancellationToken);
        using var person = new BerthClient(url, token.Value!);
        var repository = (await person.RepositoryAsync(Repository, cancellationToken)).Id;
        await FillAsync(person, SecretLevel.User, "OWN", Parts[2], null, [repository], cancellationToken);

        return await AskAsync(person, cancellationToken);
    }

    public override Task<double?> MeasurePeerAsync(int round, CancellationToken cancellationToken) => Task.FromResult<double?>(null);

    public override async ValueTask DisposeAsync() => await (_berth?.DisposeAsync() ?? ValueTask.CompletedTask);

    /// <summary>Returns the median in milliseconds.</summary>
    private static async Task<double> AskAsync(BerthClient client, CancellationToken cancellationToken)
    {
        var request = new RegistryCheckRequest { Repository = Repository, SecretPrefix = "NONE" };
        List<double> times = [];
        for (var i = 0; i < Asked; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            await client.CheckRegistryAsync(request, cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        times.Sort();
        return times[times.Count / 2];
    }

    /// <summary>Stores a level's 100 secrets: 33 sets, and its part of the mixed set.</summary>
    private static async Task FillAsync(
        BerthClient client, SecretLevel level, string prefix, string mixed, string? visibility, IReadOnlyList<long>? repositories,
        CancellationToken cancellationToken)
    {
        var key = await client.SecretPublicKeyAsync(level, cancellationToken);
        for (var i = 0; i < SetsOfLevel; i++)
        {
            // An address that is refused without a request, so that the check of a complete set ends at once.
            var server = string.Create(CultureInfo.InvariantCulture, $"10.{(int)prefix[1]}.{i}.1");
            foreach (var (part, value) in Parts.Zip([server, "bench", "a-password-of-usual-length"]))
            {
                await client.SetSecretAsync(
                    level, string.Create(CultureInfo.InvariantCulture, $"{prefix}{i}_CONTAINER_REGISTRY_{part}"), value, key, visibility,
                    repositories, cancellationToken);
            }
        }

        await client.SetSecretAsync(
            level, "MIXED_CONTAINER_REGISTRY_" + mixed, "10.0.0.1", key, visibility, repositories, cancellationToken);
    }
}
