using System.Net;
using Berth.Tests.Codespaces;

namespace Berth.Tests.Database.Pairs;

/// <summary>
/// Pairs of simultaneous requests, many times each, on the database of the run. In whatever order they run, nothing that was acknowledged
/// is lost, both together break no rule, and neither gets a server error.
/// </summary>
public sealed class PairsTests(CodespaceServer shared)
{
    private const int Rounds = 25;

    private static readonly Dictionary<string, Func<Scene, Task<Meeting>>> All =
        new[] { RepositoryPairs.All, OrganizationPairs.All, AccountPairs.All, PackagePairs.All, ContentPairs.All, CodespacePairs.All }
            .SelectMany(pairs => pairs).ToDictionary(StringComparer.Ordinal);

    public static TheoryData<string> Names() => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Either_may_come_first(string pair)
    {
        var scene = await Scene.CreateAsync(shared.Server);
        for (var round = 0; round < Rounds; round++)
        {
            var meeting = await All[pair](scene);
            var (first, second) = (meeting.First(), meeting.Second());
            await Task.WhenAll(first, second);
            foreach (var reply in new[] { await first, await second })
            {
                Assert.True(reply.Status < HttpStatusCode.InternalServerError, $"round {round}: {(int)reply.Status} {reply.Body}");
            }

            await meeting.CheckAsync(await first, await second);
        }
    }
}
